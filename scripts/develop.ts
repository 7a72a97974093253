// The commands for developers of this project, as npm's scripts call them; the package has none of them.
import { dispatch, type Commands } from './cli/dispatch.ts'

const COMMANDS: Commands = {
  check: ['the project’s own tests', async () => (await import('./check/main.ts')).check],
  'check-bytes': ['random damages of goldens', async () => (await import('./check-bytes/main.ts')).checkBytes],
  'check-oracles-slow': [
    'tests against tools that are fetched',
    async () => (await import('./check-oracles-slow/main.ts')).main,
  ],
  fuzz: ['damaged copies of every format', async () => (await import('./fuzz/main.ts')).fuzz],
  mutation: ['mutants of every assertion of the rules', async () => (await import('./mutation/main.ts')).checkMutation],
  selftest: ['the counterexamples and the doors', async () => (await import('./selftest/main.ts')).selftest],
  bundle: ['the commands in few files', async () => (await import('./bundle/main.ts')).makeBundle],
  bench: ['times and memory', async () => (await import('./bench/main.ts')).main],
  'rule-index': ['write the rule index', async () => (await import('./rule-index/main.ts')).ruleIndex],
  schema: ['write the JSON Schema of the report', async () => (await import('./schema/main.ts')).schema],
  'ci-summary': ['the last line of CI', async () => (await import('./ci-summary/main.ts')).summarize],
  package: ['compile the package, before npm pack', async () => (await import('./package/main.ts')).makePackage],
}

await dispatch('develop', COMMANDS)
