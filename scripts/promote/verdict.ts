// The verdict that a channel is moved on, read from its report and recomputed: an exit status alone moves nothing.
import { readFile } from 'node:fs/promises'
import type { Digest } from '#harness/bytes/digest.ts'
import { loadContract, loadRuleIndex } from '../judge/candidates/inputs.ts'
import { conformanceSchema, type Conformance } from '../judge/verdict/conformance.ts'
import { RefusedError } from '../publish/gate.ts'
import { foreignSuite, recompute, type Recomputed } from '../publish/recompute.ts'

type PromotedImages = { readonly installer: Digest; readonly assets: Digest | undefined }

/** RefusedError where the rules of the report do not give that the image is green. */
export async function readPromoted(
  file: string,
  { contract: path }: { readonly contract?: string },
  { installer, assets }: PromotedImages,
): Promise<Pick<Recomputed, 'waived'>> {
  const [contract, ruleIndex] = [await loadContract(path), await loadRuleIndex()]
  const terms = { ruleIndex, contract: contract.value, today: new Date().toISOString().slice(0, 10) }
  const report = await readReport(file)
  const [candidate, ...others] = report.candidates
  if (
    candidate === undefined ||
    others.length > 0 ||
    candidate.digest !== installer ||
    candidate.assetsDigest !== assets
  )
    throw new RefusedError(`${file} does not judge ${installer}, so that the channel stays; run it again`)
  const image = { image: true, registry: true }
  const { reasons, waived } = recompute(
    candidate,
    { parts: { installer: image, ...(assets !== undefined && { assets: image }) } },
    terms,
  )
  const all = [
    ...foreignSuite(report, terms),
    ...(report.contract.sha256 === contract.sha256 ? [] : [`is by another contract than ${contract.path}`]),
    ...(report.pinned ? [] : ['compares with no lock: npm run lock writes one']),
    ...report.runErrors.map((error) => `reports a run that went wrong: ${error}`),
    ...reasons,
  ]
  if (all.length > 0)
    throw new RefusedError(`not green, so that the channel stays: ${file} ${all.join(', ')}; run it again`)
  return { waived }
}

async function readReport(file: string): Promise<Conformance> {
  try {
    return conformanceSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    throw new RefusedError(`${file} is no report of npm test, so that the channel stays; run it again`, {
      cause,
    })
  }
}
