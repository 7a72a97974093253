// The bill of materials of an opened image or medium.
import type { Digest } from '#harness/bytes/digest.ts'
import type { OciImage } from '#harness/oci/image/image.ts'
import { readSbomContents, type SbomContents } from '#harness/talos/sbom/inside.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import { encodeSpdx, type SbomInputs } from './spdx.ts'

export type BillOptions = Pick<SbomInputs, 'name' | 'repository'> & {
  /** The digest of the image's manifest; undefined for what is no image. */
  readonly digest: Digest | undefined
  /** The lock of the image; one of another release counts as none. */
  readonly lock?: (NonNullable<SbomInputs['lock']> & { readonly talos?: string | undefined }) | undefined
}

/** SPDX 2.3 in JSON. Errors of the readers of the image. */
export async function makeBill(part: TalosPart, options: BillOptions): Promise<Uint8Array> {
  const contents = await readSbomContents(part)
  const image = options.digest === undefined ? undefined : await part.image()
  const layers = image?.layers.map(({ descriptor }) => descriptor.digest) ?? []
  const lock = options.lock?.talos === contents.talos ? options.lock : undefined
  return encodeSpdx({ ...options, lock, contents, layers, created: await createdOf(image, contents) })
}

/** Seconds: the time of the image, else that of the newest document inside. */
async function createdOf(image: OciImage | undefined, { documents }: SbomContents): Promise<number> {
  const own = image === undefined ? undefined : (await image.config()).created
  const times = [own, ...documents.map(({ creationInfo }) => creationInfo?.created)].map((text) =>
    Math.floor(Date.parse(text ?? '') / 1000),
  )
  const [first = 0, ...rest] = times.filter((time) => Number.isFinite(time) && time > 0)
  return own === undefined ? Math.max(first, ...rest) : first
}
