// The gate of publishing: these very bytes must have been judged green, by this lock and this contract.
import { readFile } from 'node:fs/promises'
import type { VariantLayout } from '#build/publish/variant-layout.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { conformanceSchema, type Conformance } from '../judge/verdict/conformance.ts'
import type { Loaded } from '../judge/candidates/inputs.ts'
import type { RuleIndex } from '#specs/contract/rule-index.ts'
import { RELEASE_REFERENCE } from '../judge/run/release.ts'
import { foreignSuite, recompute, verdictText, type GateTerms, type WaivedRule } from './recompute.ts'

export type Gate = {
  readonly verdict: string
  readonly forced: boolean
  /** Waivers by which it is green, each once. */
  readonly waived: readonly WaivedRule[]
  /** The report as its file has it; undefined where no file can be read. */
  readonly report: Uint8Array | undefined
  /** When that was, and by which version of this project; undefined for a file that is no report. */
  readonly judged: { readonly at: string; readonly by: string } | undefined
}

export type GateInputs = {
  readonly path: string
  readonly force: boolean
  readonly layouts: readonly VariantLayout[]
  readonly contract: Loaded<Contract>
  readonly lock: Loaded<Lock>
  readonly ruleIndex: RuleIndex
}

/** An image that may not be published: one sentence, exit 1. */
export class RefusedError extends Error {
  override name = 'RefusedError'
}

type Judged = { readonly reasons: readonly string[]; readonly waived: readonly WaivedRule[] }

/** RefusedError, unless `force`, where the rules in the report do not give that every layout is green. */
export async function readGate(inputs: GateInputs): Promise<Gate> {
  const { path, force, layouts, contract, lock } = inputs
  const report = await readFile(path).catch(() => undefined)
  const judged = report === undefined ? noVerdict(`there is no report ${path}`) : judgeReport(report, inputs)
  const { reasons, waived } = judged
  const read = report && parseReport(report)
  const common = {
    waived,
    report,
    judged: read && { at: read.judgedAt ?? new Date().toISOString(), by: read.tool.version },
  }
  if (reasons.length === 0) return { verdict: verdictText(waived), forced: false, ...common }
  if (force) return { verdict: reasons.join('; '), forced: true, ...common }
  const { talos } = lock.value
  const references = layouts.map(({ folder }) => `oci:${folder}:${talos}`).join(' ')
  throw new RefusedError(
    `not judged green: ${reasons.join('; ')}; npm test -- ${references} --contract ${contract.path} --lock ${lock.path} judges it, --force publishes it nevertheless`,
  )
}

function noVerdict(reason: string): Judged {
  return { reasons: [reason], waived: [] }
}

function judgeReport(bytes: Uint8Array, inputs: GateInputs): Judged {
  const { path, layouts, contract, lock, ruleIndex } = inputs
  const report = parseReport(bytes)
  if (report === undefined) return noVerdict(`${path} is no report of npm test`)
  const terms = { ruleIndex, contract: contract.value, today: new Date().toISOString().slice(0, 10) }
  const foreign = foreignSuite(report, terms)
  // Results of another suite's rules cannot be compared with these.
  if (foreign.length > 0) return { reasons: foreign.map((reason) => `${path} ${reason}`), waived: [] }
  const reasons: string[] = []
  if (report.contract.sha256 !== contract.sha256) reasons.push(`${path} is by another contract than ${contract.path}`)
  if (report.lock?.sha256 !== lock.sha256 || !report.pinned)
    reasons.push(`${path} is by another lock than ${lock.path}`)
  if (report.selected !== undefined || report.only !== undefined)
    reasons.push(`${path} is about some of the rules only`)
  if (report.runErrors.length > 0) reasons.push(`${path} reports a run that went wrong: ${report.runErrors[0]}`)
  const judged = [...layouts.map((layout) => judgeLayout(report, layout, terms)), judgeRelease(report, layouts, terms)]
  const waived = new Map(judged.flatMap((one) => one.waived).map((one) => [`${one.rule} ${one.expires}`, one]))
  return {
    reasons: [...reasons, ...judged.flatMap((one) => one.reasons.map((reason) => `${path} ${reason}`))],
    waived: [...waived.values()],
  }
}

/** Every candidate of the report with the digest of the layout, one of which is the whole of it. */
function judgeLayout(report: Conformance, { variant, installer, assets }: VariantLayout, terms: GateTerms): Judged {
  const { digest } = installer.descriptor
  const found = report.candidates.filter((one) => one.digest === digest)
  const whole = found.filter(({ targets }) => targets.includes('all'))
  if (whole.length === 0) return noVerdict(`does not judge the whole of ${variant} ${digest}`)
  if (whole.some((one) => one.variant !== variant))
    return noVerdict(`judges ${digest} as another variant than ${variant}`)
  if (!whole.some(({ assetsDigest }) => assetsDigest === assets.descriptor.digest))
    return noVerdict(`does not judge the asset image of ${variant} ${assets.descriptor.digest}`)
  const image = { image: true, registry: false }
  const judged = whole.map((one) =>
    recompute(
      one,
      { parts: { installer: image, assets: image, ...(one.config !== undefined && { config: { image: false } }) } },
      terms,
    ),
  )
  const others = found.filter((one) => !whole.includes(one) && one.exitCode !== 0)
  const reasons = [
    ...judged.flatMap((one) => one.reasons),
    ...others.map(({ targets, exitCode }) => `says exit ${exitCode} of the targets ${targets.join(', ')}`),
  ]
  return {
    reasons: reasons.length === 0 ? [] : [`is not green for ${variant} ${digest}: it ${reasons.join(', ')}`],
    waived: judged.flatMap((one) => one.waived),
  }
}

/** Judges all variants together, where all are published. */
function judgeRelease(report: Conformance, layouts: readonly VariantLayout[], terms: GateTerms): Judged {
  const variants = Object.keys(terms.contract.variants)
  if (variants.length < 2 || layouts.length !== variants.length) return { reasons: [], waived: [] }
  const name = variants.join(' and ')
  const releases = report.candidates.filter(({ reference }) => reference === RELEASE_REFERENCE)
  const [release] = releases
  if (release === undefined || releases.length > 1)
    return noVerdict(`is not green for ${name} together: it has ${releases.length} verdicts on them`)
  const targets = { parts: { installer: { image: true, registry: false } }, release: true }
  const { reasons, waived } = recompute(release, targets, terms)
  return {
    reasons: reasons.length === 0 ? [] : [`is not green for ${name} together: it ${reasons.join(', ')}`],
    waived,
  }
}

function parseReport(bytes: Uint8Array): Conformance | undefined {
  try {
    return conformanceSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return undefined
  }
}
