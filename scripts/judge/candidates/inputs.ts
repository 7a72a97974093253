// The contract and the lock of a run, each with the digest of the file it came from.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { formatLocation, HarnessError, SchemaError, type Location } from '#harness/errors.ts'
import { placeOfOffset } from '#harness/formats/yaml/nodes.ts'
import { parseAdvisories, shippedAdvisories, type Advisory } from '#specs/contract/advisories.ts'
import { parseContract, type Contract } from '#specs/contract/contract.ts'
import { ruleIndexSchema, selectRules, type RuleIndex } from '#specs/contract/rule-index.ts'
import { lockCommand, parseLock, type Lock } from '#specs/contract/lock.ts'
import { parseWaivers, type Waiver } from '#specs/contract/waivers.ts'
import { unreadable, UsageError } from '../usage-error.ts'
import { findOwnFiles, OWN_LOCK, OWN_WAIVERS } from './own-files.ts'
import { ROOT } from '../../root.ts'

export const CONTRACT_PATH = 'specs/contract/contract.yaml'
export const LOCK_PATH = 'specs/contract/upstream.lock.json'
export const WAIVERS_PATH = 'specs/contract/waivers.yaml'
export const RULE_INDEX_PATH = 'specs/contract/rule-index.json'

function digestOf(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export type Loaded<T> = { readonly value: T; readonly path: string; readonly sha256: string }

async function load<T>(
  path: string,
  shown: string,
  what: string,
  parse: (bytes: Uint8Array, path: string) => T,
): Promise<Loaded<T>> {
  // The whole path, so that the error names the folder that was looked in.
  const bytes = await readFile(resolve(path)).catch((cause: unknown) => {
    throw unreadable(`the ${what} ${shown}${isAbsolute(shown) ? '' : ` (${resolve(path)})`}`, cause)
  })
  try {
    return { value: parse(bytes, shown), path: shown, sha256: digestOf(bytes) }
  } catch (cause) {
    if (!(cause instanceof HarnessError)) throw cause
    if (cause instanceof SchemaError && cause.issues.some(({ at }) => at !== undefined)) {
      const details = cause.issues.map(({ at, message }) => `${formatLocation(at)} ${message}`)
      const count = details.length === 1 ? 'one finding' : `${details.length} findings`
      const hint = what === 'lock' ? `; a lock is written by: ${lockCommand(undefined)}` : ''
      throw new UsageError(`the ${what} ${shown} is not as it must be: ${count}${hint}`, { cause, details })
    }
    const isToldAlready = what !== 'lock' || cause.code === 'UNSUPPORTED'
    const hint = isToldAlready ? '' : `; a lock is written by: ${lockCommand(undefined)}`
    throw new UsageError(`${cause.message} (${formatLocation(placed(cause.at, bytes))})${hint}`, { cause })
  }
}

/** A line and a column in the place of an offset, where the document is a text. */
function placed(at: Location | undefined, bytes: Uint8Array): Location | undefined {
  if (at?.offset === undefined || at.path === undefined) return at
  return placeOfOffset(bytes, at.offset, at.path)
}

/** `path`, or the user's own contract, or the one that is shipped. */
export async function loadContract(path: string | undefined): Promise<Loaded<Contract>> {
  const given = path ?? findOwnFiles().contract
  return load(given ?? join(ROOT, CONTRACT_PATH), given ?? CONTRACT_PATH, 'contract', parseContract)
}

/** Where the lock is that nobody names: the user's own, beside the user's own contract, or the one that is shipped. */
export function lockPlace(): string {
  const { contract, lock } = findOwnFiles()
  if (lock !== undefined) return lock
  if (contract !== undefined) return join(dirname(contract), OWN_LOCK)
  // Nobody keeps a lock inside of an installed package.
  return ROOT.split(sep).includes('node_modules') ? OWN_LOCK : relative('', join(ROOT, LOCK_PATH))
}

/**
 * Loads the lock; undefined when there is no lock at all: none was named, nothing else is at hand, and the default is
 * not there.
 */
export async function loadLock(path: string | undefined, atHand?: Loaded<Lock>): Promise<Loaded<Lock> | undefined> {
  if (path === undefined && atHand !== undefined) return atHand
  const given = path ?? findOwnFiles().lock
  if (given !== undefined) return load(given, given, 'lock', parseLock)
  try {
    return await load(join(ROOT, LOCK_PATH), LOCK_PATH, 'lock', parseLock)
  } catch (error) {
    if (error instanceof UsageError && (error.cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Those that are named, or those beside the user's own contract where that is what counts (none where there are none), or
 * those that are shipped.
 */
export async function loadWaivers({
  contract,
  waivers,
}: {
  readonly contract?: string | undefined
  readonly waivers?: string | undefined
}): Promise<Loaded<readonly Waiver[]>> {
  const own = contract === undefined ? findOwnFiles() : {}
  const path = waivers ?? own.waivers
  if (path === undefined && own.contract !== undefined)
    return { value: [], path: join(dirname(own.contract), OWN_WAIVERS), sha256: digestOf('') }
  return load(path ?? join(ROOT, WAIVERS_PATH), path ?? WAIVERS_PATH, 'file of waivers', parseWaivers)
}

/** The rules of `only` and all that they need; undefined for every rule. UsageError for a name of none. */
export function selectOnly(ruleIndex: RuleIndex, only: readonly string[] | undefined): readonly string[] | undefined {
  if (only === undefined) return undefined
  const { ids, unknown } = selectRules(ruleIndex, only)
  if (unknown.length > 0) throw new UsageError(`--only names no rule and no area: ${unknown.join(', ')}`)
  return ids
}

/** Loads advisories, those that are shipped and those of the file; undefined where no file is given. */
export async function loadAdvisories(path: string | undefined): Promise<readonly Advisory[] | undefined> {
  if (path === undefined) return undefined
  const { value } = await load(path, path, 'file of advisories', parseAdvisories)
  const shipped = await shippedAdvisories()
  const twice = value.find(({ id }) => shipped.some((one) => one.id === id))
  if (twice !== undefined) throw new UsageError(`${path}: ${twice.id} is shipped already: give the entry another id`)
  return [...shipped, ...value]
}

/** The generated list of every requirement; what `npm run rule-index` wrote. */
export async function loadRuleIndex(): Promise<RuleIndex> {
  return ruleIndexSchema.parse(JSON.parse(await readFile(join(ROOT, RULE_INDEX_PATH), 'utf8')))
}
