// One thing that is otherwise in a release than in the one before: what, how bad, and what to do about it.
import { z } from 'zod'

/**
 * `breaks`: a rule would be red or could not be judged, or a promise of the contract is broken. `decide`: the contract or
 * a machine configuration must say something. `note`: nothing must be done.
 */
export const EFFECTS = ['breaks', 'decide', 'note'] as const
export type Effect = (typeof EFFECTS)[number]

export const AREAS = [
  'release',
  'kernel',
  'modules',
  'command line',
  'boot loader',
  'root filesystem',
  'extensions',
  'images',
  'knowledge',
] as const

export const changeSchema = z.strictObject({
  /** The same for the same change of another day: `option.VIRTIO_NET`, `extension.spin.version`. */
  id: z.string(),
  area: z.enum(AREAS),
  effect: z.enum(EFFECTS),
  sentence: z.string(),
  was: z.string().optional(),
  is: z.string().optional(),
  /** The subjects of a change that has several: names of modules, files, extensions. */
  names: z.array(z.string()).readonly().optional(),
  /** Rules that it touches. */
  rules: z.array(z.string()).readonly(),
  /** Entries of the contract: `kernel.builtIn`. */
  contract: z.array(z.string()).readonly(),
  /** Fields of the machine configuration. */
  config: z.array(z.string()).readonly(),
  /** The action to take; empty for none. */
  action: z.string(),
})

export type Change = Readonly<z.infer<typeof changeSchema>>

type Detail = Partial<Omit<Change, 'id' | 'area' | 'effect' | 'sentence'>>

export function change(
  id: string,
  area: Change['area'],
  effect: Effect,
  sentence: string,
  { rules = [], contract = [], config = [], action = '', ...more }: Detail = {},
): Change {
  return { id, area, effect, sentence, ...more, rules, contract, config, action }
}

/** The same, where `was` and `is` differ; else nothing. */
export function changed(was: string | undefined, is: string | undefined, make: () => Change): readonly Change[] {
  if (was === is) return []
  return [{ ...make(), ...(was !== undefined && { was }), ...(is !== undefined && { is }) }]
}

export type NameDifference = { readonly gone: readonly string[]; readonly added: readonly string[] }

export function compareNames(was: Iterable<string>, is: Iterable<string>): NameDifference {
  const [before, after] = [new Set(was), new Set(is)]
  return {
    gone: [...before].filter((name) => !after.has(name)).toSorted(),
    added: [...after].filter((name) => !before.has(name)).toSorted(),
  }
}

/** `spin and zfs`, `a, b and c`, `a, b, c and 20 more`. */
export function list(names: readonly string[], most = 6): string {
  const shown = names.length <= most ? names : [...names.slice(0, most), `${names.length - most} more`]
  if (shown.length < 2) return shown.join('')
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

/** `1 module`, `3 modules`. */
export function count(names: readonly string[], noun: string): string {
  return `${names.length} ${noun}${names.length === 1 ? '' : 's'}`
}
