import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { CONTRACT } from '#fixtures/publish/sample-release.ts'
import { UsageError } from '../cli/command-line.ts'
import { readSource } from './source.ts'
import { isNamed, openSigner } from './signer.ts'

const [ONE, TWO] = ['1'.repeat(40), '2'.repeat(40)]
const uri = `git+${CONTRACT.labels.source}`

describe('readSource', () => {
  it('prefers what was said, then GitHub, then the clone', async () => {
    const env = {
      GITHUB_SHA: TWO,
      GITHUB_REF: 'refs/heads/main',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'you/repo',
      GITHUB_RUN_ID: '7',
    }
    const invocation = 'https://github.com/you/repo/actions/runs/7/attempts/1'
    expect(await readSource(CONTRACT, ONE, { env })).toEqual({ source: { uri, commit: ONE }, invocation })
    expect(await readSource(CONTRACT, undefined, { env })).toEqual({
      source: { uri: `${uri}@refs/heads/main`, commit: TWO },
      invocation,
    })
    const here = await readSource(CONTRACT, undefined, { env: {} })
    expect(here).toEqual({ source: { uri, commit: expect.stringMatching(/^[\da-f]{40}$/) } })
  })

  it('refuses to guess', async () => {
    await expect(readSource(CONTRACT, undefined, { env: {}, cwd: tmpdir() })).rejects.toThrow(UsageError)
    await expect(readSource(CONTRACT, 'v1', { env: {} })).rejects.toThrow(/40 hex digits, got "v1"/)
  })
})

describe('isNamed', () => {
  const keyless = (name: string) => isNamed({ name } as Parameters<typeof isNamed>[0], CONTRACT)
  it('holds the subject against the whole of what is trusted', () => {
    const [trusted] = CONTRACT.signing.signers
    const subject = trusted !== undefined && 'subject' in trusted ? trusted.subject : ''
    expect([subject, `${subject}x`, `x${subject}`].map((one) => keyless(`${one} (keyless)`))).toEqual([
      true,
      false,
      false,
    ])
    expect(keyless(`key sha256:${'0'.repeat(64)}`)).toBe(false)
  })

  it('needs somebody to sign', async () => {
    await expect(openSigner({ sign: true }, {})).rejects.toThrow(/nothing says who signs/)
    await expect(openSigner({ sign: true }, { ACTIONS_ID_TOKEN_REQUEST_URL: 'x' })).rejects.toThrow(/nothing says who/)
    await expect(openSigner({ sign: true }, { SIGSTORE_ID_TOKEN: 'x' })).rejects.toThrow(/OpenID token/)
    expect(await openSigner({ sign: false }, { SIGSTORE_ID_TOKEN: 'x' })).toBeUndefined()
  })
})
