// Every command: `node --import ./scripts/preload.mjs scripts/talos-image.ts NAME [ARGUMENT…]`, as npm's scripts call it.
import { runToEnd } from './cli/ends.ts'
import { assertRuntime } from './cli/runtime.ts'
import { takeWorkingFolder } from './cli/working-folder.ts'

/** A command: takes what was typed behind its name, gives the exit status. */
type Command = (args: readonly string[]) => Promise<number>

/** Loaded on their own: the packages behind them do not even load on the Node that the guard refuses. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  test: async () => (await import('./test/start.ts')).start,
  'lint-config': async () => (await import('./lint-config/start.ts')).start,
  patch: async () => (await import('./patch/main.ts')).patch,
  lock: async () => (await import('./lock/main.ts')).lock,
  drift: async () => (await import('./drift/main.ts')).drift,
  build: async () => (await import('./build/main.ts')).build,
  publish: async () => (await import('./publish/main.ts')).publish,
  promote: async () => (await import('./promote/main.ts')).promote,
  account: async () => (await import('./account/main.ts')).account,
  reproduce: async () => (await import('./reproduce/main.ts')).main,
  explain: async () => (await import('./explain/main.ts')).main,
  registry: async () => (await import('./registry/main.ts')).main,
  cache: async () => (await import('./cache/main.ts')).cache,
  check: async () => (await import('./check/main.ts')).check,
  'check-bytes': async () => (await import('./check-bytes/main.ts')).checkBytes,
  'check-oracles-slow': async () => (await import('./check-oracles-slow/main.ts')).main,
  fuzz: async () => (await import('./fuzz/main.ts')).fuzz,
  mutation: async () => (await import('./mutation/main.ts')).checkMutation,
  selftest: async () => (await import('./selftest/main.ts')).selftest,
  bench: async () => (await import('./bench/main.ts')).main,
  'rule-index': async () => (await import('./rule-index/main.ts')).ruleIndex,
  schema: async () => (await import('./schema/main.ts')).schema,
  'ci-summary': async () => (await import('./ci-summary/main.ts')).summarize,
}

assertRuntime()
const folder = takeWorkingFolder()
// Paths that are typed are relative to it, and what is written lands there.
if (folder !== undefined) process.chdir(folder)
const [name = '', ...args] = process.argv.slice(2)
const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
if (load === undefined) {
  process.stderr.write(`error: expected a command (${Object.keys(COMMANDS).join(', ')}), got ${JSON.stringify(name)}\n`)
  process.exitCode = 2
} else await runToEnd(async () => (await load())(args))
