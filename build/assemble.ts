// The recipe, top to bottom: upstream's parts by digest → layers → initramfs → UKI → installer and asset image →
// layout.
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileSource, type ByteSource } from '#harness/bytes/source.ts'
import type { BudgetLimits } from '#harness/budget.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { settleInParallel } from '#harness/oci/parallel.ts'
import { makeAssetFiles } from './assets.ts'
import type { Base } from './base.ts'
import { BuildError } from './build-error.ts'
import { openCommonParts, type CommonParts } from './common-parts.ts'
import { hasModules, squash, type Extension } from './initramfs/extension.ts'
import { collectFirmware } from './initramfs/firmware.ts'
import { writeAssetImage, writeInstaller, type WrittenImage } from './image.ts'
import { initramfsChunks, layerOrder, type LayerFile } from './initramfs/initramfs.ts'
import { assertReplaceable, createLayout, moveIntoPlace, writeChunks } from './layout.ts'
import { makeModuleIndex, moduleIndexMetadata } from './initramfs/module-index.ts'
import { makeOverlayFiles } from './overlay.ts'
import type { Plan } from './plan.ts'
import { composeUki } from './uki.ts'
import type { UpstreamParts } from './upstream/upstream.ts'
import { makeWorkFolder } from './work-folder.ts'

export type AssembleOptions = {
  readonly upstream: UpstreamParts
  /** The folder that becomes the layout; nothing of it is there before it is whole. */
  readonly output: string
  /** Blocks that are compressed at once; changes no byte. */
  readonly workers?: number | undefined
  /** A callback as each step begins, in words for a person. */
  readonly onStep?: ((step: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** The limits of each image of upstream; without limits unless given. */
  readonly limits?: BudgetLimits | undefined
  /** Parts for all variants of the release, which the caller closes; made for this one alone unless given. */
  readonly common?: CommonParts | undefined
}

export type Built = {
  readonly output: string
  readonly installer: WrittenImage
  readonly assets: WrittenImage
  /** Bytes of the parts that are made here. */
  readonly sizes: { readonly initramfs: number; readonly uki: number }
}

const DEFAULT_WORKERS = 8

/**
 * Builds one variant. BuildError where the parts do not fit or the disk is full; errors of the harness where a part is
 * not what the lock says; the signal's reason when it is aborted. In every such case the output is as it was before.
 */
export async function assemble(plan: Plan, options: AssembleOptions): Promise<Built> {
  const { output } = options
  await assertReplaceable(output)
  await using work = await makeWorkFolder(output).catch((error: unknown) => {
    throw explain(error, output)
  })
  const spool = new Spool(join(work.path, 'spool'), options.limits)
  try {
    return await assembleIn(work.path, spool, plan, options)
  } catch (error) {
    throw explain(error, output)
  } finally {
    await spool.close()
  }
}

async function assembleIn(work: string, spool: Spool, plan: Plan, options: AssembleOptions): Promise<Built> {
  const { upstream, output, signal } = options
  const step = (text: string): void => {
    signal?.throwIfAborted()
    options.onStep?.(text)
  }
  const time = plan.sourceDate
  step('reading the kernel and the base initramfs')
  await using own = options.common === undefined ? openCommonParts(upstream, { plan, folder: work, spool }) : undefined
  const common = own ?? (options.common as CommonParts)
  // Begun before they are awaited, the base first: the error is that of the first part that has one.
  for (const pinned of plan.extensions) void common.extension(pinned)
  const base = await common.base()
  const extensions: Extension[] = []
  for (const pinned of plan.extensions) {
    step(`reading ${pinned.name} ${pinned.version}`)
    extensions.push(await common.extension(pinned))
  }
  const firmware = await collectFirmware(extensions)

  await using layers = await squashLayers(work, { plan, common, base, extensions }, options.workers, step)

  step('appending the extensions to the initramfs')
  await using initramfs = await writeFile(
    join(work, 'initramfs'),
    initramfsChunks(base.initramfs, layers.list, firmware, time),
    signal,
  )
  const uki = composeUki(
    {
      stub: base.systemdStub,
      osRelease: base.osRelease,
      commandLine: plan.commandLine,
      resetCommandLine: plan.resetCommandLine,
      kernelRelease: base.kernelRelease,
      kernel: base.kernel,
      initramfs: initramfs.data,
      time,
    },
    plan.quirks,
  )

  const layout = await createLayout(join(work, 'layout'), signal)
  step('writing the installer image')
  const overlay = plan.overlay && (await makeOverlayFiles(upstream, plan.overlay, spool))
  const artifacts = { uki, systemdBoot: base.systemdBoot }
  const writers = [
    () => writeInstaller(layout, upstream, plan, artifacts, overlay, spool),
    async () => {
      step('writing the asset image')
      const files = await makeAssetFiles(plan, { kernel: base.kernel, initramfs: initramfs.data, uki })
      return writeAssetImage(layout, plan, files)
    },
  ]
  // One hashes while the other reads or writes.
  const [installer, assets] = (await settleInParallel(writers, (write) => write())) as [WrittenImage, WrittenImage]
  const images = [
    { tag: plan.tags.installer, manifest: installer.manifest },
    { tag: plan.tags.assets, manifest: assets.manifest },
  ]
  await layout.finish(images, plan.architecture)
  signal?.throwIfAborted()
  await moveIntoPlace(layout.folder, output)
  return { output, installer, assets, sizes: { initramfs: initramfs.data.size, uki: uki.size } }
}

type Parts = {
  readonly plan: Plan
  readonly common: CommonParts
  readonly base: Base
  readonly extensions: readonly Extension[]
}

/** A layer for each extension in imager's order, and the module index on top if one brings modules. */
async function squashLayers(
  work: string,
  { plan, common, base, extensions }: Parts,
  workers = DEFAULT_WORKERS,
  step: (text: string) => void,
): Promise<{ readonly list: readonly LayerFile[] } & AsyncDisposable> {
  const list: LayerFile[] = []
  for (const { index, image } of layerOrder(extensions.length)) {
    const [pinned, extension] = [plan.extensions[index], extensions[index]]
    if (pinned === undefined || extension === undefined) continue
    step(`squashing ${pinned.name}`)
    list.push({ image, metadata: extension.metadata, ...(await common.layer(pinned, workers)) })
  }
  const withModules = extensions.filter(({ rootfs }) => hasModules(rootfs))
  if (withModules.length === 0) return { list, [Symbol.asyncDispose]: () => Promise.resolve() }
  step('indexing the kernel modules')
  const time = plan.sourceDate
  const metadata = moduleIndexMetadata(base.kernelRelease)
  const image = `${metadata.name}.sqsh`
  const files = await makeModuleIndex(base.rootfs, withModules, base.kernelRelease, time)
  const { data, close } = await squash(files, join(work, image), { time, workers })
  return { list: [...list, { image, metadata, data }], [Symbol.asyncDispose]: close }
}

async function writeFile(path: string, chunks: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined) {
  await writeChunks(path, chunks, signal)
  const file = await open(path)
  const data: ByteSource = fileSource(file, (await file.stat()).size, { path: basename(path) })
  return { data, [Symbol.asyncDispose]: () => file.close() }
}

/** The system's error about the disk, in one sentence. */
function explain(error: unknown, output: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new BuildError('NO_SPACE', `there is no space left for ${output}: nothing was written there`, {
      cause: error,
    })
  if (code === 'EACCES' || code === 'EROFS' || code === 'ENOTDIR')
    return new BuildError('OUTPUT', `${output} cannot be written: ${String(code)}`, { cause: error })
  return error
}
