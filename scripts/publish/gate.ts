// Whether the gate has judged these very bytes green, by this lock and this contract.
import { readFile } from 'node:fs/promises'
import type { VariantLayout } from '#build/publish/variant-layout.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import { conformanceSchema, type Conformance } from '../judge/verdict/conformance.ts'
import type { Loaded } from '../judge/candidates/inputs.ts'
import { RELEASE_REFERENCE } from '../judge/run/release.ts'

export type Gate = {
  readonly verdict: string
  readonly forced: boolean
  /** The report as it stands in its file; undefined where there is none that can be read. */
  readonly report: Uint8Array | undefined
}

export type GateInputs = {
  readonly path: string
  readonly force: boolean
  readonly layouts: readonly VariantLayout[]
  readonly contract: Loaded<Contract>
  readonly lock: Loaded<Lock>
}

/** An image that may not be published: one sentence, exit 1. */
export class RefusedError extends Error {
  override name = 'RefusedError'
}

export const GREEN = 'conforms'

/** RefusedError, unless `force`, where the report does not say that every layout is green. */
export async function readGate(inputs: GateInputs): Promise<Gate> {
  const { path, force, layouts, contract, lock } = inputs
  const report = await readFile(path).catch(() => undefined)
  const reasons = report === undefined ? [`there is no report ${path}`] : judgeReport(report, inputs)
  if (reasons.length === 0) return { verdict: GREEN, forced: false, report }
  if (force) return { verdict: reasons.join('; '), forced: true, report }
  const { talos } = lock.value
  const references = layouts.map(({ folder }) => `oci:${folder}:${talos}`).join(' ')
  throw new RefusedError(
    `not judged green: ${reasons.join('; ')}; npm test -- ${references} --contract ${contract.path} --lock ${lock.path} judges it, --force publishes it nevertheless`,
  )
}

function judgeReport(bytes: Uint8Array, { path, layouts, contract, lock }: GateInputs): readonly string[] {
  const report = parseReport(bytes)
  if (report === undefined) return [`${path} is no report of npm test`]
  const reasons: string[] = []
  if (report.contract.sha256 !== contract.sha256) reasons.push(`${path} is by another contract than ${contract.path}`)
  if (report.lock?.sha256 !== lock.sha256) reasons.push(`${path} is by another lock than ${lock.path}`)
  if (report.selected !== undefined) reasons.push(`${path} is about some of the rules only`)
  for (const { variant, installer, assets } of layouts) {
    const { digest } = installer.descriptor
    const found = report.candidates.filter((one) => one.digest === digest)
    const whole = found.filter(({ targets }) => targets.includes('all'))
    if (whole.length === 0) reasons.push(`${path} does not judge the whole of ${variant} ${digest}`)
    else if (!whole.some(({ assetsDigest }) => assetsDigest === assets.descriptor.digest))
      reasons.push(`${path} does not judge the asset image of ${variant} ${assets.descriptor.digest}`)
    else if (found.some(({ exitCode }) => exitCode !== 0)) reasons.push(`${path} is not green for ${variant} ${digest}`)
  }
  const variants = Object.keys(contract.value.variants)
  const release = report.candidates.find(({ reference }) => reference === RELEASE_REFERENCE)
  if (variants.length > 1 && layouts.length === variants.length && release?.exitCode !== 0)
    reasons.push(`${path} is not green for ${variants.join(' and ')} together`)
  return reasons
}

function parseReport(bytes: Uint8Array): Conformance | undefined {
  try {
    return conformanceSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return undefined
  }
}
