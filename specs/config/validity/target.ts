// The Talos that a machine configuration is for, and the finding where nothing shows it.
import type { MachineConfigFacts } from '#harness/machine-config/facts.ts'
import type { Reading } from '#harness/machine-config/reading/read.ts'
import type { Violation } from './check.ts'
import { describeMinors, MINORS, minorOfTag, type Minor } from '#harness/machine-config/schema/schema.ts'
import { isUnknown, type ConfigContext, type ConfigFinding, type ConfigJudge } from '../../support/config-rule.ts'

/**
 * The minor that the configuration is for, by the first of: the option, the image or its lock, the tag of the install
 * image.
 */
export function targetMinor(
  facts: Pick<MachineConfigFacts, 'installs'>,
  { target, talos }: Pick<ConfigContext, 'target' | 'talos'>,
): Minor | undefined {
  const installed = facts.installs.map(({ image }) => (image === undefined ? undefined : tagOf(image.value)))
  return [target, talos, ...installed]
    .map((tag) => (tag === undefined ? undefined : minorOfTag(tag)))
    .find((minor) => minor !== undefined)
}

/** `v1.13.9` of `registry.example.com/talos/spin-only:v1.13.9-1a2b3c4d@sha256:…`. */
function tagOf(image: string): string | undefined {
  return /:(v\d+\.\d+\.\d+[^@:/]*)(?:@|$)/.exec(image)?.[1]
}

/** A problem of reading, or a violation. */
type Reported = Omit<Violation, 'class'>

/** The problems of the target; without one, those of every minor, and as notes those of some. */
export function judgeByMinor(problemsOf: (reading: Reading) => readonly Reported[]): ConfigJudge {
  return (facts, context) => {
    const known = targetMinor(facts, context)
    const minors = known === undefined ? MINORS : [known]
    const found = new Map<string, { readonly problem: Reported; readonly minors: Minor[] }>()
    for (const minor of minors) {
      const reading = facts.readings[minor]
      if (reading === undefined) throw new Error(`the configuration was not read as Talos ${minor} reads it`)
      for (const problem of problemsOf(reading)) {
        const { path, line, column } = problem.at
        const id = JSON.stringify([path, line, column, problem.key])
        const before = found.get(id)
        if (before === undefined) found.set(id, { problem, minors: [minor] })
        else if (before.minors.at(-1) !== minor) before.minors.push(minor)
      }
    }
    return [...found.values()].map(({ problem, minors: where }) =>
      toFinding(problem, where, problem.isNote === true || where.length < minors.length),
    )
  }
}

/** True if something is filled in or decrypted before Talos reads the value; findings may show it in quotes. */
function isLater(got: string | undefined): boolean {
  return got !== undefined && isUnknown(got.replace(/^"(.*)"(?: \(.*\))?$/, '$1'))
}

function toFinding(
  { at, key, message, expected, got }: Reported,
  minors: readonly Minor[],
  isNote: boolean,
): ConfigFinding {
  return {
    at,
    message: `${key === '' ? 'the file' : key} ${message} (Talos ${describeMinors(minors)})`,
    ...(expected !== undefined && { expected }),
    ...(got !== undefined && { got }),
    ...(isNote ? { kind: 'note' as const } : isLater(got) && { kind: 'unknown' as const }),
  }
}
