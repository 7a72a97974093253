import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { digestOf } from '#harness/bytes/digest.ts'
import { parseContract } from '#specs/contract/contract.ts'
import { formatLock, parseLock } from '#specs/contract/lock.ts'
import { provenanceStatement, spdxStatement } from './statements.ts'

const path = fileURLToPath(new URL('../../specs/contract/contract.yaml', import.meta.url))
const contract = parseContract(readFileSync(path), path)
const hex = (digit: string): string => digit.repeat(64)
const lock = parseLock(
  Buffer.from(
    JSON.stringify({
      schema: 2,
      talos: 'v1.13.9',
      installerBase: {
        reference: 'ghcr.io/siderolabs/installer-base:v1.13.9',
        digest: `sha256:${hex('1')}`,
        diffIds: [`sha256:${hex('5')}`],
        config: {},
      },
      catalogue: { reference: 'localhost:5000/extensions', digest: `sha256:${hex('2')}` },
      extensions: [
        {
          name: 'drbd',
          reference: 'ghcr.io/siderolabs/drbd:9-v1@sha256:x',
          digest: `sha256:${hex('3')}`,
          version: '9',
        },
        { name: 'tailscale', reference: 'ghcr.io/siderolabs/tailscale:1', digest: `sha256:${hex('4')}`, version: '1' },
      ],
    }),
  ),
  'lock.json',
)
const digest = digestOf(Buffer.from('image'))
const inputs = {
  digest,
  variant: 'spin-only',
  contract,
  lock,
  source: { uri: 'git+https://github.com/a/b@refs/heads/main', commit: 'c'.repeat(40) },
  gate: { verdict: 'conforming', forced: false },
}

describe('provenanceStatement', () => {
  it('says from what, by whom and on what ground', () => {
    const { subject, predicateType, predicate } = provenanceStatement(inputs)
    expect(subject).toEqual([{ digest: { sha256: digest.slice(7) } }])
    expect(predicateType).toBe('https://slsa.dev/provenance/v1')
    expect(predicate).toEqual({
      buildDefinition: {
        buildType: `${contract.labels.source}#talos-image/v1`,
        externalParameters: {
          variant: 'spin-only',
          talos: 'v1.13.9',
          contract: digestOf(Buffer.from(JSON.stringify(contract))),
          lock: digestOf(Buffer.from(formatLock(lock))),
          verdict: 'conforming',
          forced: false,
        },
        resolvedDependencies: [
          { uri: 'git+https://github.com/a/b@refs/heads/main', digest: { gitCommit: 'c'.repeat(40) } },
          {
            uri: `pkg:oci/installer-base@sha256%3A${hex('1')}?repository_url=ghcr.io/siderolabs/installer-base&tag=v1.13.9`,
            digest: { sha256: hex('1') },
          },
          {
            uri: `pkg:oci/extensions@sha256%3A${hex('2')}?repository_url=localhost:5000/extensions`,
            digest: { sha256: hex('2') },
          },
          {
            uri: `pkg:oci/drbd@sha256%3A${hex('3')}?repository_url=ghcr.io/siderolabs/drbd&tag=9-v1`,
            digest: { sha256: hex('3') },
          },
        ],
      },
      runDetails: { builder: { id: contract.signing.builder } },
    })
  })

  it('names the overlay that the contract has, and no other that is locked', () => {
    const board = (name: string, digit: string) => ({
      name,
      reference: `ghcr.io/siderolabs/sbc-${name}:v1`,
      digest: `sha256:${hex(digit)}`,
    })
    const overlays = [board('a', '8'), board('b', '9')]
    const wanted = [{ name: 'b', image: 'ghcr.io/siderolabs/sbc-b:v1' }]
    const made = (named: object) =>
      JSON.stringify(
        provenanceStatement({ ...inputs, lock: { ...lock, overlays }, contract: { ...contract, ...named } }),
      )
    expect(made({ overlays: wanted })).toContain(`pkg:oci/sbc-b@sha256%3A${hex('9')}`)
    expect(made({ overlays: wanted })).not.toContain('sbc-a')
    expect(made({})).not.toContain('sbc-')
  })

  it('says by which waivers a release is green', () => {
    const waived = [{ rule: 'EXT-008', expires: '2027-01-31', reason: 'upstream fixes it' }]
    const verdict = 'conforms, 1 waived (EXT-008 until 2027-01-31)'
    const statement = provenanceStatement({ ...inputs, gate: { verdict, forced: false, waived } })
    expect(statement).toMatchObject({ predicate: { buildDefinition: { externalParameters: { verdict, waived } } } })
  })

  it('says of a forced release that it was', () => {
    const statement = provenanceStatement({ ...inputs, gate: { verdict: 'nonconforming', forced: true } })
    expect(JSON.stringify(statement)).toContain('"verdict":"nonconforming","forced":true')
  })

  it('has the run and its times where they are known', () => {
    const statement = provenanceStatement({
      ...inputs,
      variant: 'spin-tailscale',
      invocation: 'https://github.com/a/b/actions/runs/1',
      startedOn: new Date(0),
      finishedOn: new Date(1000),
    })
    expect(statement.predicate).toMatchObject({
      runDetails: {
        metadata: {
          invocationId: 'https://github.com/a/b/actions/runs/1',
          startedOn: '1970-01-01T00:00:00.000Z',
          finishedOn: '1970-01-01T00:00:01.000Z',
        },
      },
    })
    expect(JSON.stringify(statement)).toContain('siderolabs/tailscale')
  })

  it('gives the same bytes for the same inputs', () => {
    expect(JSON.stringify(provenanceStatement(inputs))).toBe(JSON.stringify(provenanceStatement({ ...inputs })))
  })
})

describe('spdxStatement', () => {
  it('is about the image', () => {
    expect(spdxStatement(digest, { spdxVersion: 'SPDX-2.3' })).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest: { sha256: digest.slice(7) } }],
      predicateType: 'https://spdx.dev/Document',
      predicate: { spdxVersion: 'SPDX-2.3' },
    })
  })
})
