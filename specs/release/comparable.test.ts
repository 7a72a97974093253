import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { quirksOf } from '#harness/talos/quirks.ts'
import { parseContract } from '../contract/contract.ts'
import { allowedDifferences } from './comparable.ts'

const CONTRACT = new URL('../contract/contract.yaml', import.meta.url)
const contract = parseContract(await readFile(CONTRACT), 'contract.yaml')
const quirks = quirksOf('v1.11.5')

describe('allowedDifferences', () => {
  it('allows what another architecture and another builder bring', () => {
    const { sections, parameters } = allowedDifferences(contract, quirks)
    expect([...sections]).toEqual(['.splash', '.uname'])
    expect([...parameters]).toEqual(['console'])
  })

  it('allows what SecureBoot adds where the contract wants it', () => {
    const { sections, parameters } = allowedDifferences({ ...contract, secureBoot: true }, quirks)
    expect([...sections]).toEqual(['.splash', '.uname', '.pcrpkey', '.pcrsig'])
    expect([...parameters]).toEqual(['console', 'lockdown'])
  })

  it('allows the arguments that the contract adds and takes away, whatever their values', () => {
    const extraKernelArguments = ['net.ifnames=0', 'quiet', '-pti=on', '-selinux']
    const { parameters } = allowedDifferences({ ...contract, extraKernelArguments }, quirks)
    expect([...parameters]).toEqual(['console', 'net.ifnames', 'quiet', 'pti', 'selinux'])
  })

  it('allows the labels of OCI-009, with the names that the contract gives', () => {
    const labels = { ...contract.labels, variant: 'org.example.variant' }
    expect([...allowedDifferences({ ...contract, labels }, quirks).labels].toSorted()).toEqual([
      'io.cozystack.talos.lock',
      'org.example.variant',
      'org.opencontainers.image.base.digest',
      'org.opencontainers.image.base.name',
      'org.opencontainers.image.description',
      'org.opencontainers.image.revision',
      'org.opencontainers.image.source',
      'org.opencontainers.image.title',
      'org.opencontainers.image.version',
    ])
  })
})
