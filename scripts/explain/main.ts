// `npm run explain`: what a rule is for and what to do about it.
import { Command } from 'commander'
import { COUNTEREXAMPLES } from '#fixtures/counterexamples/index.ts'
import type { RuleIndex } from '#specs/contract/rule-index.ts'
import { addExamples, parseCommand } from '../cli/command-line.ts'
import { printFailure } from '../cli/failure.ts'
import { areaOf } from '../judge/verdict/areas.ts'
import { loadRuleIndex } from '../judge/candidates/inputs.ts'
import { printable } from '../judge/verdict/printable.ts'
import { collectExplanations, type Explanation } from './collect.ts'
import { nearMatches } from './near.ts'
import { renderExplanations, type Terminal } from './render.ts'

/** The width of the text where standard output is no terminal. */
const COLUMNS = 110
const MIN_COLUMNS = 60

export type Explained = { readonly status: number; readonly output: string; readonly error: string }

/** The rules and areas named, or undefined after --help was printed. Throws UsageError. */
export function parseExplainNames(args: readonly string[]): readonly string[] | undefined {
  const command = new Command('npm run explain --')
    .description('What a rule says, why, by which source, and what to do when it fails.')
    .argument('[ID...]', 'rules (EXT-015) or areas (EXT); all without one')
  addExamples(command, ['npm run explain -- EXT-015', 'npm run explain -- KRN UKI-003'])
  return parseCommand(command, args) ? command.args : undefined
}

/** Prints; gives the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const names = parseExplainNames(args)
    return names === undefined ? 0 : await show(names)
  } catch (error) {
    return printFailure(error)
  }
}

async function show(names: readonly string[]): Promise<number> {
  const ruleIndex = await loadRuleIndex()
  const columns = Math.max(MIN_COLUMNS, process.stdout.columns ?? COLUMNS)
  const explanations = await collectExplanations(ruleIndex, COUNTEREXAMPLES)
  const { status, output, error } = explain(names, ruleIndex, explanations, { stream: process.stdout, columns })
  process.stdout.write(output)
  process.stderr.write(error)
  return status
}

/** Explains the rules and areas named; 2 when one is neither and never was. */
export function explain(
  names: readonly string[],
  ruleIndex: RuleIndex,
  explanations: readonly Explanation[],
  terminal: Terminal,
): Explained {
  const wanted = names.map((name) => name.toUpperCase())
  const matches = (name: string, id: string): boolean => id === name || areaOf({ id }) === name
  const chosen = explanations.filter(({ rule }) => wanted.length === 0 || wanted.some((name) => matches(name, rule.id)))
  const retired = ruleIndex.retired.filter(({ id }) => wanted.includes(id))
  const known = [...explanations.map(({ rule }) => rule.id), ...ruleIndex.retired.map(({ id }) => id)]
  const unknown = wanted.filter((name) => !known.some((id) => matches(name, id)))
  return {
    status: unknown.length === 0 ? 0 : 2,
    output: [
      ...(chosen.length === 0 ? [] : [renderExplanations(chosen, terminal)]),
      ...retired.map(({ id, reason }) => `${id} is retired: ${reason}\n`),
    ].join('\n'),
    error: unknown.map((name) => describeUnknown(name, known)).join(''),
  }
}

function describeUnknown(name: string, known: readonly string[]): string {
  const near = nearMatches(name, known)
  const hint =
    near.length === 0
      ? `areas are ${[...new Set(known.map((id) => areaOf({ id })))].join(', ')}`
      : `did you mean ${near.join(', ')}?`
  return `error: no rule and no area is called ${printable(name)}; ${hint}\n`
}
