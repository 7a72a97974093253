// The questions of `init`, asked at a terminal, and the defaults of what nobody answers.
import { createInterface } from 'node:readline/promises'
import { InvalidArgumentError } from 'commander'
import { UsageError } from '../judge/usage-error.ts'
import { SET_NAMES, SETS } from './menu.ts'
import { parseRegistry, parseSet, parseTalos, parseWorkflow, type Answers } from './options.ts'
import type { Origin } from './origin.ts'

export const DEFAULT_TALOS = 'v1.13.9'

/** The answers of the origin on GitHub, where there is one. */
export function defaultsOf(origin: Origin | undefined): Answers {
  if (origin === undefined) return {}
  const { owner, repository } = origin
  return {
    registry: `ghcr.io/${owner.toLowerCase()}`,
    workflow: `${owner}/${repository}/.github/workflows/talos-image.yaml@refs/heads/main`,
  }
}

/** The end of the questions before all were answered. */
export class UnansweredError extends UsageError {
  /** The exit status: that of a process which Ctrl-C ended, or 2. */
  readonly status: 130 | 2

  constructor(isInterrupted: boolean, cause: unknown) {
    super(`${isInterrupted ? 'interrupted' : 'the answers end here'}: nothing was written`, { cause })
    this.status = isInterrupted ? 130 : 2
  }
}

export type Terminal = { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream }

/** Asks for what `given` leaves open; an empty line takes the default. UnansweredError for Ctrl-C and Ctrl-D. */
export async function ask(
  given: Answers,
  defaults: Answers,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<Answers> {
  const terminal = createInterface({ input, output })
  const question = async <T>(text: string, fallback: string, parse: (text: string) => T): Promise<T | undefined> => {
    for (;;) {
      const answer = (await terminal.question(`${text}${fallback === '' ? '' : ` [${fallback}]`}: `)).trim() || fallback
      if (answer === '') return undefined
      try {
        return parse(answer)
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error
        output.write(`${error.message}\n`)
      }
    }
  }
  try {
    const registry =
      given.registry ??
      (await question('Registry and namespace of your images', defaults.registry ?? '', parseRegistry))
    const talos = given.talos ?? (await question('Talos release', DEFAULT_TALOS, parseTalos))
    if (given.variants === undefined)
      output.write(`${SET_NAMES.map((name) => `  ${name.padEnd(10)} ${SETS[name]}`).join('\n')}\n`)
    const variants = given.variants ?? (await question('Variants', SET_NAMES[0] ?? '', parseSet))
    const isSigned = given.key !== undefined || given.workflow !== undefined
    const key = isSigned
      ? given.key
      : await question('File of the public key that signs (empty: a GitHub workflow)', '', (path) => path)
    const workflow =
      isSigned || key !== undefined
        ? given.workflow
        : await question('GitHub workflow that signs', defaults.workflow ?? '', parseWorkflow)
    return Object.fromEntries(
      Object.entries({ registry, talos, variants, key, workflow }).filter(([, value]) => value !== undefined),
    )
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error
    output.write('\n')
    throw new UnansweredError((error as Error).message.includes('Ctrl+C'), error)
  } finally {
    terminal.close()
  }
}
