// The contents of a candidate, for the reader of a verdict: its extensions and the origin of its bytes. Judges nothing.
import { basename } from 'node:path'
import { orAbsent } from '#harness/errors.ts'
import { describeBoot } from '#harness/talos/description/boot.ts'
import { describeExtension } from '#harness/talos/description/extension.ts'
import type { ExtensionImage } from '#harness/talos/extensions.ts'
import { UKI_PATH } from '#harness/talos/installer.ts'
import type { TalosPart } from '#harness/talos/part.ts'
import { SERVICE_SPEC_PATH } from '#harness/talos/extension/service-spec.ts'
import type { Lock, PinnedSigner } from '#specs/contract/lock.ts'
import { accountOf } from '../account/image.ts'
import { sumsOf } from '../account/span.ts'
import type { Contents, DescribedExtension } from '../verdict/conformance.ts'
import type { OpenedPart } from './part.ts'

/** The first that there is is shown. */
const PARTS: readonly string[] = ['installer', 'assets', 'media']
/** Upstream's extensions bring one each. */
const MAX_SERVICES = 64
const BASE_LABEL = 'org.opencontainers.image.base'

type ShownPart = Pick<OpenedPart, 'part' | 'talos' | 'labels'>

/** What contract and lock say of the candidate. */
export type ContentsTerms = {
  /** Extensions that the variant must not have. */
  readonly forbidden: readonly string[]
  readonly lock: Lock | undefined
}

/** The part whose contents are shown: the installer, or the asset tree or the medium where there is no installer. */
export function shownPart<T extends Pick<OpenedPart, 'part'>>(parts: readonly T[]): T | undefined {
  return parts.toSorted((a, b) => PARTS.indexOf(a.part) - PARTS.indexOf(b.part))[0]
}

/**
 * The contents of the part that is shown; undefined where there is none. What cannot be read is left out: the rules say
 * what is wrong with it.
 */
export async function readContents(parts: readonly ShownPart[], terms: ContentsTerms): Promise<Contents | undefined> {
  const shown = shownPart(parts)
  if (shown === undefined) return undefined
  const { part, talos, labels } = shown
  const extensions = await orAbsent(() => describeExtensions(talos, terms.forbidden))
  const account = part !== 'installer' ? undefined : await orAbsent(async () => sumsOf(await accountOf(talos)))
  const boot = await orAbsent(() => readBoot(talos))
  const commandLine = await orAbsent(() => talos.commandLine())
  const base = readBase(labels, terms.lock)
  return {
    ...(boot !== undefined && { boot }),
    ...(commandLine !== undefined && { commandLine }),
    ...(base !== undefined && { base }),
    ...(extensions !== undefined && { extensions }),
    sizes: await readSizes(talos),
    ...(account !== undefined && { account }),
  }
}

async function readBoot(part: TalosPart): Promise<NonNullable<Contents['boot']>> {
  const uki = (await orAbsent(() => part.files()))?.get(UKI_PATH)?.data
  const tree = await (await part.rootfs()).tree()
  const { kernel, systemd, modules } = await describeBoot({
    kernel: await part.kernel(),
    tree,
    ...(uki !== undefined && { stub: uki }),
  })
  return {
    ...(kernel.release !== undefined && { kernel: kernel.release }),
    ...(systemd.stub !== undefined && { stub: systemd.stub }),
    modules: modules.length,
  }
}

/** The base image that the labels name, and who signed it, as far as the lock pins the same. */
function readBase(labels: OpenedPart['labels'], lock: Lock | undefined): Contents['base'] {
  const [reference, digest] = [labels[`${BASE_LABEL}.name`], labels[`${BASE_LABEL}.digest`]]
  if (reference === undefined || digest === undefined) return undefined
  const { digest: pinned, signer } = lock?.installerBase ?? {}
  return {
    reference,
    digest,
    ...(digest === pinned && signer !== undefined && { signer: nameSigner(signer) }),
  }
}

function nameSigner(signer: PinnedSigner): string {
  return 'key' in signer ? `the key sha256:${signer.key}` : `${signer.subject} (${signer.issuer})`
}

async function readSizes(part: TalosPart): Promise<Contents['sizes']> {
  const kernel = await orAbsent(async () => (await part.kernel()).source.size)
  const initramfs = await orAbsent(() => part.initramfs())
  const files = await orAbsent(async () => [...(await part.files()).entries()])
  const all = files?.reduce((sum, { size }) => sum + size, 0)
  const baseInitramfs = initramfs?.base?.size
  const extensions = initramfs?.extensions.reduce((sum, { size }) => sum + size, 0)
  const other = all === undefined ? undefined : all - (kernel ?? 0) - (baseInitramfs ?? 0) - (extensions ?? 0)
  return {
    ...(kernel !== undefined && { kernel }),
    ...(baseInitramfs !== undefined && { baseInitramfs }),
    ...(extensions !== undefined && { extensions }),
    // A hostile UKI may claim one range of bytes for several sections.
    ...(other !== undefined && { other: Math.max(0, other) }),
  }
}

/** Errors of reading the list of extensions; one whose files cannot be read has the names of its services alone. */
export async function describeExtensions(
  part: TalosPart,
  forbidden: readonly string[],
): Promise<readonly DescribedExtension[]> {
  const layers = await (await part.extensions()).layers()
  return Promise.all(
    layers.map(async ({ metadata, image }) => {
      const { name, version } = metadata
      const described = await orAbsent(async () => {
        const tree = await (await image?.squashfs())?.tree()
        return tree && describeExtension(metadata, tree)
      })
      return {
        name,
        version,
        size: image?.data.size ?? 0,
        services:
          described?.services.slice(0, MAX_SERVICES).map((one) => ({ name: one.name, waits: one.waits })) ??
          (await orAbsent(() => nameServices(image))) ??
          [],
        handlers: described?.handlers ?? [],
        modules: described?.modules.length ?? 0,
        ...(forbidden.includes(name) && { forbidden: true as const }),
      }
    }),
  )
}

/** Names of the files that specify its services. */
async function nameServices(image: ExtensionImage | undefined): Promise<DescribedExtension['services']> {
  const tree = await (await image?.squashfs())?.tree()
  return [...(tree?.entries() ?? [])]
    .filter(({ path }) => SERVICE_SPEC_PATH.test(path))
    .slice(0, MAX_SERVICES)
    .map(({ path }) => ({ name: basename(path, '.yaml'), waits: [] }))
}
