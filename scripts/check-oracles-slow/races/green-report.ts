// A report of `npm test` on images of which every rule that applies passes, as the rule index of today has them.
import type { Contract } from '#specs/contract/contract.ts'
import { applicability, type CandidateTargets } from '#specs/support/applicability.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import { loadContract, loadRuleIndex } from '../../judge/candidates/inputs.ts'
import type { CandidateVerdict, Conformance, RuleVerdict } from '../../judge/verdict/conformance.ts'
import { writeWhole } from '../../judge/verdict/report-file.ts'

type Image = {
  readonly reference: string
  readonly digest: string
  readonly assetsDigest?: string | undefined
  readonly variant: string
}

/** The files that the report is about, by their digest. */
type Terms = { readonly contract: string; readonly lock: string; readonly value: Contract }

/** In the place of the main job: what it is asked about is green, but for `change`; `status` is what it ends with. */
export function greenJudge(change: (green: Conformance) => Conformance = (green) => green, status = 0) {
  return async ([reference = '', ...args]: readonly string[]): Promise<number> => {
    const valueOf = (name: string): string | undefined =>
      args.includes(name) ? args[args.indexOf(name) + 1] : undefined
    const digestOf = (text: string | undefined): string | undefined => text?.slice(text.indexOf('@') + 1)
    const { sha256, value } = await loadContract(valueOf('--contract'))
    const assetsDigest = digestOf(valueOf('--assets'))
    const image = { reference, digest: digestOf(reference) ?? '', assetsDigest, variant: 'spin-only' }
    const report = greenReport([image], { contract: sha256, lock: '0'.repeat(64), value })
    await writeWhole(valueOf('--report') ?? '', JSON.stringify(change(report)))
    return status
  }
}

const RULE_INDEX = await loadRuleIndex()
const IMAGE = { image: true, registry: false }

/** With the release where there is more than one image. */
export function greenReport(images: readonly Image[], { contract, lock, value }: Terms): Conformance {
  const verdict = (
    { variant, ...named }: Omit<Image, 'digest'> & Partial<Image>,
    targets: Pick<CandidateTargets, 'parts' | 'release'>,
  ): CandidateVerdict => ({
    ...named,
    variant,
    targets: ['all'],
    exitCode: 0,
    rules: rulesOf({ ...targets, pinned: true, variant, contract: value }),
  })
  const variants = images.map(({ variant }) => variant).join(' and ')
  const release = verdict({ reference: 'release', variant: variants }, { parts: { installer: IMAGE }, release: true })
  return {
    schema: 2,
    tool: { name: packageJson.name, version: packageJson.version, node: '26.10.0', vitest: '5.1.1' },
    rules: RULE_INDEX.version,
    contract: { path: 'contract.yaml', sha256: contract },
    lock: { path: 'lock.json', sha256: lock },
    candidates: [
      ...images.map((one) => {
        const assets = one.assetsDigest === undefined ? {} : { assets: IMAGE }
        const registry = !/^[a-z-]+:[^0-9]/.test(one.reference)
        return verdict(one, { parts: { installer: { image: true, registry }, ...assets } })
      }),
      ...(images.length > 1 ? [release] : []),
    ],
    pinned: true,
    runErrors: [],
    // They are not read here.
    counts: { pass: 0, fail: 0, inconclusive: 0, blocked: 0, missing: 0, waived: 0, 'not-applicable': 0 },
    exitCode: 0,
  }
}

function rulesOf(targets: CandidateTargets): readonly RuleVerdict[] {
  const entries = RULE_INDEX.requirements.filter(({ scope }) => targets.release !== true || scope === 'release')
  return entries.map((entry) => ({
    id: entry.id,
    level: entry.level,
    status: applicability(entry, targets).parts.length > 0 ? 'pass' : 'not-applicable',
    sentence: entry.sentence,
    findings: [],
    fix: entry.fix,
    spec: entry.file,
    durationMs: 1,
  }))
}

/** The report with the rule `id` changed, of the first candidate that it applies to. */
export function withRule(report: Conformance, id: string, change: Partial<RuleVerdict>): Conformance {
  const at = report.candidates.findIndex(({ rules }) =>
    rules.some((rule) => rule.id === id && rule.status !== 'not-applicable'),
  )
  return {
    ...report,
    candidates: report.candidates.map((one, index) => ({
      ...one,
      rules: one.rules.map((rule) => (index === at && rule.id === id ? { ...rule, ...change } : rule)),
    })),
  }
}
