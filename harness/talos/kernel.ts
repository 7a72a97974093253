// A kernel as Talos ships it: an EFI zboot image around an arm64 Image, unpacked when first asked.
import { X509Certificate } from 'node:crypto'
import { factOf } from '../bytes/identity.ts'
import type { ByteSource } from '../bytes/source.ts'
import type { Spool } from '../bytes/spool.ts'
import { readArm64Image, type Arm64Image } from '../formats/kernel/arm64-image.ts'
import { findCertificates } from '../formats/kernel/kernel-certificates.ts'
import { findKernelBanner, readKernelConfig, type KernelConfig } from '../formats/kernel/kernel-config.ts'
import { readZboot, type Zboot } from '../formats/kernel/zboot.ts'
import { lazy } from '../lazy.ts'

export type Kernel = {
  /** The file as stored. */
  readonly source: ByteSource
  zboot(): Promise<Zboot>
  /** The decompressed payload. */
  payload(): Promise<ByteSource>
  header(): Promise<Arm64Image>
  /** `Linux version …`; undefined when the payload has none. */
  banner(): Promise<string | undefined>
  /** The embedded configuration; undefined when the payload has none. */
  config(): Promise<KernelConfig | undefined>
  /** The certificates built into the payload: the keys whose modules it loads. */
  certificates(): Promise<readonly X509Certificate[]>
}

export function openKernel(source: ByteSource, spool: Spool): Kernel {
  const zboot = lazy(() => readZboot(source))
  const payload = lazy(async () => (await zboot()).image(spool))
  const fact = <T>(name: string, read: (image: ByteSource) => Promise<T>, bytesOf?: (value: T) => number) =>
    lazy(async () => {
      const image = await payload()
      return factOf(image, `kernel ${name}`, () => read(image), bytesOf)
    })
  return {
    source,
    zboot,
    payload,
    header: lazy(async () => readArm64Image(await payload())),
    banner: fact('banner', findKernelBanner),
    // In DER: a fact is plain data.
    certificates: lazy(async () => {
      const found = await fact('certificates', async (image) => (await findCertificates(image)).map(({ raw }) => raw))()
      return found.map((raw) => new X509Certificate(raw))
    }),
    config: fact('config', readKernelConfig, (config) => 100 * (config?.size ?? 0)),
  }
}
