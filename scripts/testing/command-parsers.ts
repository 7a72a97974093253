// The option parser of each command, by the name of its npm script: parses and runs nothing.
import { parseAccountOptions } from '../account/main.ts'
import { parseOptions as parseBench } from '../bench/options.ts'
import { parseBootOptions } from '../boot/options.ts'
import { parseOptions as parseBuild } from '../build/options.ts'
import { parseCacheCommand } from '../cache/main.ts'
import { parseBytesOptions } from '../check-bytes/main.ts'
import { parseCheck } from '../check/main.ts'
import { parseDiffOptions } from '../diff/options.ts'
import { parseOptions as parseDrift } from '../drift/options.ts'
import { parseExplainNames } from '../explain/main.ts'
import { parseFuzzOptions } from '../fuzz/main.ts'
import { parseInitOptions } from '../init/options.ts'
import { parseInspectOptions } from '../inspect/options.ts'
import { parseLintOptions } from '../lint-config/options.ts'
import { parseNodeOptions } from '../node/options.ts'
import { parseOptions as parseLock } from '../lock/options.ts'
import { parseMutationOptions } from '../mutation/options.ts'
import { parseBundle } from '../bundle/main.ts'
import { parsePackageOptions } from '../package/main.ts'
import { parsePatchOptions } from '../patch/options.ts'
import { parseOptions as parsePromote } from '../promote/options.ts'
import { parseOptions as parsePublish } from '../publish/options.ts'
import { parseRegistryCommand } from '../registry/options.ts'
import { parseReportOptions } from '../report/main.ts'
import { parseReproduceOptions } from '../reproduce/main.ts'
import { parseRuleIndexOptions } from '../rule-index/main.ts'
import { parseSbomOptions } from '../sbom/main.ts'
import { parseSelftest } from '../selftest/main.ts'
import { parseOptions as parseTest } from '../test/options.ts'

type Parse = (args: readonly string[]) => unknown

export const COMMAND_PARSERS: Readonly<Record<string, Parse>> = {
  init: parseInitOptions,
  test: parseTest,
  'lint-config': parseLintOptions,
  'node-check': parseNodeOptions,
  boot: parseBootOptions,
  patch: parsePatchOptions,
  lock: parseLock,
  drift: parseDrift,
  diff: parseDiffOptions,
  build: parseBuild,
  publish: parsePublish,
  promote: parsePromote,
  inspect: parseInspectOptions,
  sbom: parseSbomOptions,
  account: parseAccountOptions,
  reproduce: parseReproduceOptions,
  explain: parseExplainNames,
  report: parseReportOptions,
  registry: parseRegistryCommand,
  cache: (args) => parseCacheCommand(args),
  check: parseCheck,
  'check:bytes': parseBytesOptions,
  'check:fuzz': parseFuzzOptions,
  'check:mutation': parseMutationOptions,
  selftest: parseSelftest,
  bench: parseBench,
  'rule-index': parseRuleIndexOptions,
  bundle: parseBundle,
  package: parsePackageOptions,
}

/** Scripts that take no option: oxfmt, oxlint, vitest and what only CI calls. */
export const WITHOUT_OPTIONS = [
  'check:oracles',
  'check:oracles:slow',
  'ci:summary',
  'format',
  'lint',
  'postpack',
  'prepack',
  'prepare',
  'schema',
] as const
