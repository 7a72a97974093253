import { execFileSync } from 'node:child_process'
import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { CONTRACT } from '#fixtures/publish/sample-release.ts'
import { lazy } from '#harness/lazy.ts'
import { UsageError } from '../cli/command-line.ts'
import { CONTRACT_PATH } from '../judge/candidates/inputs.ts'
import { ROOT } from '../root.ts'
import { contractFile, readSource } from './source.ts'
import { isNamed, openSigner } from './signer.ts'

const [ONE, TWO] = ['1'.repeat(40), '2'.repeat(40)]

const folder = await mkdtemp(join(tmpdir(), 'source-'))
afterAll(() => rm(folder, { recursive: true }))
const git = (cwd: string, ...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
    cwd,
    encoding: 'utf8',
  }).trim()

/** A repository with a contract that is committed, and the commit. */
const original = lazy(async () => {
  const cwd = join(folder, 'original')
  await mkdir(cwd)
  git(cwd, 'init', '-q', '--template=')
  await writeFile(join(cwd, 'contract.yaml'), 'a: b\n')
  git(cwd, 'add', '.')
  git(cwd, 'commit', '-q', '-m', 'One')
  return { cwd, commit: git(cwd, 'rev-parse', 'HEAD') }
})

/** A clone of `remote` with a contract that is committed; gives the contract's file and the commit. */
async function clone(name: string, remote: string | undefined) {
  const { cwd: from, commit } = await original()
  const cwd = join(folder, name)
  await cp(from, cwd, { recursive: true, preserveTimestamps: true })
  // As `git remote add` does, which would be one process more for each clone.
  if (remote !== undefined) await appendFile(join(cwd, '.git/config'), `[remote "origin"]\n\turl = ${remote}\n`)
  return { path: join(cwd, 'contract.yaml'), commit }
}

const contract = { ...CONTRACT, labels: { ...CONTRACT.labels, source: 'https://github.com/you/repo' } }
const uri = `git+${contract.labels.source}`
const ON_GITHUB = {
  GITHUB_SHA: TWO,
  GITHUB_REF: 'refs/heads/main',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'you/repo',
  GITHUB_RUN_ID: '7',
}

describe('contractFile', () => {
  it('takes a contract of the user for the file that it is, and the shipped one from where the suite is', () => {
    expect(['talos-image.yaml', '../talos-image.yaml', CONTRACT_PATH].map(contractFile)).toEqual([
      'talos-image.yaml',
      '../talos-image.yaml',
      join(ROOT, CONTRACT_PATH),
    ])
  })
})

describe('readSource', () => {
  it('prefers what was said, then GitHub, then the clone that the contract is in', async () => {
    const { path, commit } = await clone('own', 'https://github.com/you/repo.git')
    const invocation = 'https://github.com/you/repo/actions/runs/7/attempts/1'
    const read = (revision: string | undefined, env = {}) => readSource(revision, { contract, path, env })
    expect(await read(ONE, ON_GITHUB)).toEqual({ source: { uri, commit: ONE }, invocation })
    expect(await read(undefined, ON_GITHUB)).toEqual({
      source: { uri: `${uri}@refs/heads/main`, commit: TWO },
      invocation,
    })
    expect(await read(undefined)).toEqual({ source: { uri, commit } })
  })

  it.each([
    ['https', 'https://github.com/you/repo'],
    ['token', 'https://x:ghp_secret@github.com/you/repo.git/'],
    ['scp', 'git@github.com:you/repo.git'],
    ['ssh', 'ssh://git@GitHub.com:22/you/repo.git'],
  ])('takes a remote by %s for the same repository', async (name, remote) => {
    const { path, commit } = await clone(name, remote)
    expect(await readSource(undefined, { contract, path, env: {} })).toEqual({ source: { uri, commit } })
  })

  it.each<[string, string | undefined, RegExp]>([
    [
      'another repository',
      'https://github.com/you/other',
      /clone of https:\/\/github\.com\/you\/other: give --revision/,
    ],
    ['another host', 'git@gitlab.com:you/repo.git', /clone of git@gitlab\.com:you\/repo\.git: give/],
    ['a name that begins alike', 'https://github.com/you/repo-fork', /clone of .*repo-fork: give/],
    [
      'another one with a token',
      'https://x:ghp_secret@github.com/you/other',
      /clone of https:\/\/github\.com\/you\/other: give/,
    ],
    ['nothing', undefined, /clone of nothing: give/],
  ])('refuses the commit of a clone of %s', async (name, remote, message) => {
    const { path } = await clone(name, remote)
    await expect(readSource(undefined, { contract, path, env: {} })).rejects.toThrow(message)
    expect(await readSource(ONE, { contract, path, env: {} })).toEqual({ source: { uri, commit: ONE } })
  })

  it('refuses the commit of a run of another repository', async () => {
    const { path } = await clone('run', 'https://github.com/you/repo')
    for (const GITHUB_REPOSITORY of ['you/suite', undefined])
      await expect(readSource(undefined, { contract, path, env: { ...ON_GITHUB, GITHUB_REPOSITORY } })).rejects.toThrow(
        /this run on GitHub is of https:\/\/github\.com\/(you\/suite)?: give --revision/,
      )
  })

  it('refuses a commit that does not have the contract as it is', async () => {
    const { path } = await clone('changed', 'https://github.com/you/repo')
    await writeFile(path, 'a: c\n')
    await expect(readSource(undefined, { contract, path, env: {} })).rejects.toThrow(/is not what the commit has/)
    const other = join(folder, 'changed', 'uncommitted.yaml')
    await writeFile(other, 'a: b\n')
    await expect(readSource(undefined, { contract, path: other, env: {} })).rejects.toThrow(
      /is not what the commit has/,
    )
  })

  it('refuses to guess', async () => {
    const path = join(folder, 'contract.yaml')
    await expect(readSource(undefined, { contract, path, env: {} })).rejects.toThrow(UsageError)
    await expect(readSource('v1', { contract, path, env: {} })).rejects.toThrow(/40 hex digits, got "v1"/)
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
