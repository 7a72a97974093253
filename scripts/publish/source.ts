// The source of contract and lock, for the provenance: a commit of the repository that the contract names.
import { execFile } from 'node:child_process'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { ProvenanceInputs } from '#build/signing/statements.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { UsageError } from '../cli/command-line.ts'
import { CONTRACT_PATH } from '../judge/candidates/inputs.ts'
import { ROOT } from '../root.ts'

type Environment = Readonly<Record<string, string | undefined>>
export type Source = Pick<ProvenanceInputs, 'source' | 'invocation'>

/** The contract, and the file that it was read from, in whose repository the commit is looked for. */
export type SourceInputs = { readonly contract: Contract; readonly path: string; readonly env?: Environment }

const COMMIT = /^[0-9a-f]{40}$/
const HINT = 'give --revision COMMIT, or name the repository of the contract in its labels.source'

/** The file of a contract that was not named: found from the current folder upwards, or the shipped one by its path here. */
export function contractFile(found: string): string {
  return found === CONTRACT_PATH ? join(ROOT, CONTRACT_PATH) : found
}

/**
 * `revision` as given, else the commit of the run on GitHub or of the clone that contains the contract, where that is
 * the repository of `labels.source`. UsageError where it is another one, the contract is not what was committed, or no
 * commit is known.
 */
export async function readSource(
  revision: string | undefined,
  { contract, path, env = process.env }: SourceInputs,
): Promise<Source> {
  const commit = revision ?? (await findCommit(contract.labels.source, path, env))
  if (!COMMIT.test(commit))
    throw new UsageError(`expected a commit of 40 hex digits, got ${JSON.stringify(commit.slice(0, 100))}`)
  const { GITHUB_REF: ref, GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = env
  const at = ref === undefined || revision !== undefined ? '' : `@${ref}`
  const isRun = server !== undefined && repository !== undefined && run !== undefined
  return {
    source: { uri: `git+${contract.labels.source}${at}`, commit },
    ...(isRun && {
      invocation: `${server}/${repository}/actions/runs/${run}/attempts/${env['GITHUB_RUN_ATTEMPT'] ?? '1'}`,
    }),
  }
}

async function findCommit(source: string, path: string, env: Environment): Promise<string> {
  const { GITHUB_SHA: sha, GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = env
  const fail = (text: string): UsageError =>
    new UsageError(`the provenance names a commit of ${source}, ${text}: ${HINT}`)
  if (sha !== undefined) {
    const run = `${server ?? ''}/${repository ?? ''}`
    if (canonicalUrl(run) === canonicalUrl(source)) return sha
    throw fail(`but this run on GitHub is of ${run}`)
  }
  const file = resolve(path)
  const git = (...args: readonly string[]): Promise<string | undefined> => runGit(dirname(file), args)
  const head = await git('rev-parse', '--verify', 'HEAD')
  if (head === undefined) throw fail(`and ${path} is in no clone with a commit`)
  const remote = await git('remote', 'get-url', 'origin')
  if (remote === undefined || canonicalUrl(remote) !== canonicalUrl(source))
    throw fail(`but ${path} is in a clone of ${remote === undefined ? 'nothing' : withoutSecrets(remote)}`)
  const changed = await git('status', '--porcelain', '--', basename(file))
  if (changed !== '') throw fail(`but ${path} is not what the commit has; commit it, or`)
  return head
}

/** `host/path`, of a URL or of git's `user@host:path`, without `.git` at the end. */
function canonicalUrl(text: string): string {
  const url = /^(?:git\+)?[a-z+]+:\/\/(?:[^/@]*@)?([^/:]+)(?::\d+)?\/+(.*)$/i.exec(text)
  const [, host = '', path = text] = url ?? /^(?:[^/@]+@)?([^/:]+):(.*)$/.exec(text) ?? []
  const trimmed = path.replace(/\/+$/, '').replace(/\.git$/, '')
  return `${host.toLowerCase()}/${trimmed.replace(/^\/+/, '')}`
}

/** The URL without the user and token that a URL may hold. */
function withoutSecrets(remote: string): string {
  return remote.replace(/\/\/[^/@]*@/, '//')
}

async function runGit(cwd: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', args, { cwd })
    return stdout.trim()
  } catch {
    return undefined
  }
}
