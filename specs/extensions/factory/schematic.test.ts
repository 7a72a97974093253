import { describe, expect, it } from 'vitest'
import { parseContract } from '../../contract/contract.ts'
import { extensionNames } from './schematic.ts'

const contract = parseContract(
  Buffer.from(`
extends: default
variants:
  mine:
    extensions:
      - drbd
      - {name: agent, image: 'registry.example.com/you/node-agent:v1', signer: {issuer: 'https://accounts.example.com', subject: you}}
`),
  'contract.yaml',
)

describe('extensionNames', () => {
  it.each([
    ['siderolabs/drbd', 'drbd'],
    ['siderolabs/i915-ucode', 'i915'],
    ['you/node-agent', 'agent'],
    ['siderolabs/agent', undefined],
    ['evil/drbd', undefined],
    ['../../drbd', undefined],
    ['siderolabs/../drbd', undefined],
    ['siderolabs/evil/drbd', undefined],
    ['drbd', undefined],
    ['ghcr.io/siderolabs/drbd', undefined],
    ['siderolabs/drbd:v1', undefined],
    ['', undefined],
  ])('of %j is %s', (repository, name) => {
    expect(extensionNames([repository], contract)).toEqual([name])
  })

  it('keeps a name of the image for an alias of the factory', () => {
    expect(extensionNames(['siderolabs/i915-ucode'], contract, ['i915-ucode'])).toEqual(['i915-ucode'])
  })
})
