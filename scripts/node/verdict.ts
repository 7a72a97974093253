// The verdicts on the images that nodes are to run: the report of `npm test`.
import { readFile } from 'node:fs/promises'
import { isImageless } from '#specs/support/applicability.ts'
import type { JudgedImage } from '#specs/support/node/rule.ts'
import { UsageError } from '../cli/command-line.ts'
import { isRelease } from '../judge/run/release.ts'
import { conformanceSchema, type CandidateVerdict } from '../judge/verdict/conformance.ts'

/** The image of each variant; UsageError for a file that is no report, and for a report on two images of one variant. */
export async function readVerdicts(
  path: string | undefined,
): Promise<ReadonlyMap<string, JudgedImage & { readonly digest?: string }>> {
  if (path === undefined) return new Map()
  const images = (await readReport(path)).filter(
    ({ reference, targets }) => !isRelease(reference) && !isOfNodes(targets),
  )
  const variants = images.map(({ variant }) => variant)
  const twice = variants.find((variant, at) => variants.indexOf(variant) < at)
  if (twice !== undefined) throw new UsageError(`${path} has verdicts on two images of ${twice}: expected one`)
  if (images.length === 0) throw new UsageError(`${path} has no verdict on an image`)
  return new Map(images.map((image) => [image.variant, toJudged(path, image)]))
}

async function readReport(path: string): Promise<readonly CandidateVerdict[]> {
  try {
    return conformanceSchema.parse(JSON.parse(await readFile(path, 'utf8'))).candidates
  } catch (cause) {
    const reason = (cause as Error).message.split('\n')[0] ?? ''
    throw new UsageError(`${path} is no report of a verdict: ${reason}`, { cause })
  }
}

function isOfNodes(targets: readonly string[]): boolean {
  return targets.every(isImageless)
}

function toJudged(path: string, { exitCode, digest, claimedTalos, contents, extensions }: CandidateVerdict) {
  // With its contents a verdict also says which services an extension brings.
  const described = contents?.extensions?.map(({ name, version, services }) => ({
    name,
    version,
    services: services.map((service) => service.name),
  }))
  const known = described ?? extensions
  return {
    path,
    isGreen: exitCode === 0,
    ...(digest !== undefined && { digest }),
    ...(claimedTalos !== undefined && { talos: claimedTalos }),
    ...(known !== undefined && { extensions: known }),
  }
}
