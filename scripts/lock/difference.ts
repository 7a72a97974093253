// The differences of two locks, fact by fact.
import type { Lock } from '#specs/contract/lock.ts'

/** `extensions.drbd.digest: the lock has sha256:…, upstream has sha256:…`; in the order of the names. */
export function compareLocks(locked: Lock, read: Lock): readonly string[] {
  const [before, after] = [factsOf(locked), factsOf(read)]
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted()
  return names.flatMap((name) => {
    const [has, now] = [before.get(name), after.get(name)]
    return has === now ? [] : [`${name}: the lock has ${has ?? 'nothing'}, upstream has ${now ?? 'nothing'}`]
  })
}

/** Every value by its path; members of lists by what distinguishes them. */
function factsOf(lock: Lock): ReadonlyMap<string, string> {
  const facts = new Map<string, string>()
  collect(lock, '', facts)
  return facts
}

function collect(value: unknown, path: string, facts: Map<string, string>): void {
  if (value === undefined) return
  if (typeof value !== 'object' || value === null) {
    facts.set(path, String(value))
    return
  }
  for (const [key, member] of Array.isArray(value) ? value.map(nameMember) : Object.entries(value))
    collect(member, path === '' ? key : `${path}.${key}`, facts)
}

/** Extensions are distinguished by name, firmware by path, catalogue entries by tag, sections by their position. */
function nameMember(member: unknown, index: number): readonly [string, unknown] {
  if (typeof member === 'string') {
    const at = member.indexOf('@')
    return at < 0 ? [String(index), member] : [member.slice(0, at), member.slice(at + 1)]
  }
  if (typeof member === 'object' && member !== null) {
    if ('name' in member) {
      const { name, ...facts } = member
      return [String(name), facts]
    }
    if ('path' in member && 'sha256' in member) return [String(member.path), member.sha256]
  }
  return [String(index), member]
}
