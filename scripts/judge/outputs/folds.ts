// Many findings of one cause, told in one line: another release, another architecture, no lock.
import type { CandidateVerdict, Conformance, RuleVerdict } from '../verdict/conformance.ts'

export type Fold = {
  readonly headline: string
  /** True for the rules that the headline stands for. */
  readonly holds: (rule: RuleVerdict) => boolean
  /** True if each of them still has its line. */
  readonly isListed: boolean
}

/** For each blocked rule the one that it waits for in the end: the first on its way that is not blocked itself. */
export function causesOf(rules: readonly RuleVerdict[]): ReadonlyMap<RuleVerdict, RuleVerdict> {
  const byId = new Map(rules.map((rule) => [rule.id, rule]))
  const causeOf = (rule: RuleVerdict, seen: ReadonlySet<string>): RuleVerdict | undefined => {
    if (rule.status !== 'blocked') return rule
    const need = byId.get(/^blocked: (\S+) failed$/.exec(rule.reason ?? '')?.[1] ?? '')
    return need === undefined || seen.has(need.id) ? undefined : causeOf(need, new Set([...seen, need.id]))
  }
  const causes = rules.flatMap((rule) => {
    const cause = rule.status === 'blocked' ? causeOf(rule, new Set([rule.id])) : undefined
    return cause === undefined ? [] : [[rule, cause] as const]
  })
  return new Map(causes)
}

/** The rule about the architecture in the config. */
const ARCHITECTURE = 'OCI-003'

export function foldsOf(candidate: CandidateVerdict, conformance: Conformance): readonly Fold[] {
  return [otherArchitecture(candidate), otherRelease(candidate, conformance), emptyLock(candidate, conformance)].filter(
    (fold) => fold !== undefined,
  )
}

/** True if the image says that it is of another Talos than the lock pins, and a rule is red by that. */
export function isOfOtherRelease(candidate: CandidateVerdict, conformance: Conformance): boolean {
  return otherRelease(candidate, conformance) !== undefined
}

/** Everything below the architecture is of that architecture too: only the rule that says so has its findings. */
function otherArchitecture({ rules }: CandidateVerdict): Fold | undefined {
  const rule = rules.find(({ id, status }) => id === ARCHITECTURE && status === 'fail')
  const got = /"?architecture"?: "(\w+)"/.exec(rule?.findings[0]?.got ?? '')?.[1]
  if (rule === undefined || got === undefined || got === 'arm64') return undefined
  const holds = (one: RuleVerdict): boolean => one.id !== ARCHITECTURE && isRed(one)
  const others = rules.filter(holds).length
  return {
    headline: `an image for ${got}: this suite judges images for arm64 (linux/arm64, Talos 1.11 to 1.14); ${others} further rules are red or blocked by that`,
    holds,
    isListed: false,
  }
}

function otherRelease(candidate: CandidateVerdict, conformance: Conformance): Fold | undefined {
  const { claimedTalos } = candidate
  const pinned = conformance.lock?.talos
  if (claimedTalos === undefined || pinned === undefined || claimedTalos === pinned) return undefined
  const holds = (rule: RuleVerdict): boolean => isRed(rule) && (rule.pinned === true || rule.status === 'blocked')
  const count = candidate.rules.filter((rule) => rule.pinned === true && isRed(rule)).length
  if (count === 0) return undefined
  const compare =
    count === 1 ? '1 rule that compares with the lock is' : `${count} rules that compare with the lock are`
  return {
    headline: `image ${claimedTalos}, lock ${pinned}: ${compare} not green`,
    holds,
    isListed: true,
  }
}

function emptyLock({ rules, claimedTalos }: CandidateVerdict, { lock }: Conformance): Fold | undefined {
  if (lock === undefined || lock.talos !== undefined) return undefined
  const holds = (rule: RuleVerdict): boolean =>
    rule.status === 'inconclusive' && rule.findings.every(({ code }) => code === 'FACT_ABSENT')
  const count = rules.filter(holds).length
  if (count < 2) return undefined
  return {
    headline: `no lock: the structure was judged, and ${count} rules were not, which compare kernel, initramfs, boot files and extensions with Talos ${claimedTalos ?? 'releases'} byte for byte`,
    holds,
    isListed: false,
  }
}

function isRed({ status }: RuleVerdict): boolean {
  return status === 'fail' || status === 'blocked' || status === 'inconclusive' || status === 'missing'
}
