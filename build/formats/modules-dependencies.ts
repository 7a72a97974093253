// The modules that a module needs, in the order of modules.dep: users before what they use (tools/depmod.c of kmod 34,
// depmod_calculate_dependencies).
import { FormatError } from '#harness/errors.ts'

/** depmod counts modules in 16 bits. */
const MAX_MODULES = 0xffff

/** A module that is indexed: its name and its place, which is its priority; the symbols that it needs. */
export type LinkedModule = { readonly name: string; readonly index: number; readonly imports: readonly string[] }

/**
 * All that each module needs, directly or not; what must be loaded first comes last. FormatError MALFORMED where
 * modules need each other, LIMIT_EXCEEDED.
 */
export function calculateDependencies<T extends LinkedModule>(
  modules: readonly T[],
  symbols: ReadonlyMap<string, T>,
): readonly (readonly T[])[] {
  if (modules.length > MAX_MODULES)
    throw new FormatError('modules index', 'LIMIT_EXCEEDED', `expected at most ${MAX_MODULES} modules, got more`)
  const direct = modules.map(({ imports }) => {
    const owners = imports.map((symbol) => symbols.get(symbol)).filter((owner) => owner !== undefined)
    return [...new Set(owners)]
  })
  const places = sortByUse(modules, direct)
  return modules.map(({ index }) => {
    const all = new Set<T>()
    const pending = [...(direct[index] ?? [])]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (all.has(next)) continue
      all.add(next)
      pending.push(...(direct[next.index] ?? []))
    }
    return [...all].toSorted((a, b) => (places[a.index] ?? 0) - (places[b.index] ?? 0))
  })
}

/** The place of each module in a topological order that has users first; depmod takes the last that is free next. */
function sortByUse(modules: readonly LinkedModule[], direct: readonly (readonly LinkedModule[])[]): readonly number[] {
  const users = modules.map(() => 0)
  for (const needed of direct) for (const { index } of needed) users[index] = (users[index] ?? 0) + 1
  const free = modules.filter(({ index }) => users[index] === 0)
  const places: number[] = []
  let sorted = 0
  for (let next = free.pop(); next !== undefined; next = free.pop()) {
    places[next.index] = sorted++
    for (const needed of direct[next.index] ?? []) {
      const left = (users[needed.index] ?? 0) - 1
      users[needed.index] = left
      if (left === 0) free.push(needed)
    }
  }
  if (sorted === modules.length) return places
  const cyclic = modules.filter(({ index }) => places[index] === undefined).map(({ name }) => name)
  throw new FormatError(
    'modules index',
    'MALFORMED',
    `expected modules that do not need each other, got ${cyclic.slice(0, 12).join(', ')}`,
  )
}
