// Where contract and lock come from, for the provenance: a commit of the repository that the contract names.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ProvenanceInputs } from '#build/signing/statements.ts'
import type { Contract } from '#specs/contract/contract.ts'
import { UsageError } from '../cli/command-line.ts'

type Environment = Readonly<Record<string, string | undefined>>
export type Source = Pick<ProvenanceInputs, 'source' | 'invocation'>

const COMMIT = /^[0-9a-f]{40}$/

/** UsageError where no commit is known. */
export async function readSource(
  contract: Contract,
  revision: string | undefined,
  { env = process.env, cwd = process.cwd() }: { readonly env?: Environment; readonly cwd?: string } = {},
): Promise<Source> {
  const commit = revision ?? env['GITHUB_SHA'] ?? (await readHead(cwd))
  if (commit === undefined)
    throw new UsageError(
      'the provenance needs the commit of contract and lock: run it in their clone, or give --revision',
    )
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

async function readHead(cwd: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', '--verify', 'HEAD'], { cwd })
    return stdout.trim()
  } catch {
    return undefined
  }
}
