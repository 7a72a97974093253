// The lock of one Talos release from a folder of upstream's parts: `installer-base`, `extensions/*` and `overlays/*` (OCI
// layouts), and the four files of imager:/usr/install/arm64.
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileSource, type ByteSource } from '#harness/bytes/source.ts'
import type { BudgetLimits } from '#harness/budget.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { openFile } from '#harness/oci/image/files.ts'
import { openImage } from '#harness/oci/image/image.ts'
import { REF_NAME } from '#harness/oci/disk/layout.ts'
import { openStore } from '#harness/oci/open.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import { VERSION_LABEL } from '#harness/talos/installer.ts'
import { overlayInstallers } from '#harness/talos/overlay.ts'
import { LOCK_SCHEMA, type Lock, type PinnedExtension, type PinnedOverlay } from '#specs/contract/lock.ts'
import { UPSTREAM_FILES } from '../upstream/upstream.ts'
import { readBaseFacts } from './base-facts.ts'
import { openReleaseFiles } from './boot-facts.ts'
import { readExtensionFacts } from './extension-facts.ts'
import { readOverlayFacts } from './overlay-facts.ts'

/** The lock that these parts pin; what they do not say is absent. `limits` are of each image. */
export async function lockFromFolder(folder: string, limits?: BudgetLimits): Promise<Lock> {
  const spool = new Spool(tmpdir(), limits)
  const closers: (() => Promise<void>)[] = []
  const open = async (name: string): Promise<ByteSource> => {
    const { file, size } = await openFile(join(folder, name), 'part')
    closers.push(() => file.close())
    return fileSource(file, size, { path: name })
  }
  try {
    const files = {
      kernel: await open(UPSTREAM_FILES.kernel),
      baseInitramfs: await open(UPSTREAM_FILES.baseInitramfs),
      systemdStub: await open(UPSTREAM_FILES.systemdStub),
      systemdBoot: await open(UPSTREAM_FILES.systemdBoot),
    }
    const { talos, image } = await withStore(join(folder, 'installer-base'), spool, (store) =>
      readInstallerBase(store, spool),
    )
    return {
      schema: LOCK_SCHEMA,
      talos,
      ...(await openReleaseFiles(files, spool).facts()),
      installerBase: image,
      extensions: await readExtensions(join(folder, 'extensions'), spool, talos),
      ...(await readOverlays(join(folder, 'overlays'), spool)),
    }
  } finally {
    await Promise.all(closers.map((close) => close()))
    await spool.close()
  }
}

async function readInstallerBase(store: ContentStore, spool: Spool) {
  const image = await openImage(store, { spool })
  const talos = (await image.config()).config?.Labels?.[VERSION_LABEL]
  return { talos, image: { ...(await identify(store)), ...(await readBaseFacts(image)) } }
}

async function identify(store: ContentStore): Promise<{ reference: string; digest: string }> {
  const { digest, annotations } = await store.resolve()
  return { reference: annotations?.[REF_NAME] ?? store.name, digest }
}

async function readExtensions(
  folder: string,
  spool: Spool,
  talos: string | undefined,
): Promise<readonly PinnedExtension[]> {
  const extensions: PinnedExtension[] = []
  for (const name of (await readdir(folder)).toSorted())
    extensions.push(
      await withStore(join(folder, name), spool, async (store) => {
        const pinned = await identify(store)
        const origin = { reference: pinned.reference, talos }
        const { name: own, ...facts } = await readExtensionFacts(store, spool, origin)
        return { name: own, ...pinned, ...facts }
      }),
    )
  return extensions
}

/** Every installer of every overlay; nothing where there is no folder of them. */
async function readOverlays(folder: string, spool: Spool): Promise<Pick<Lock, 'overlays'>> {
  const overlays: PinnedOverlay[] = []
  for (const name of (await readdir(folder).catch(() => [])).toSorted())
    await withStore(join(folder, name), spool, async (store) => {
      const pinned = await identify(store)
      const tree = await (await openImage(store, { spool })).tree()
      for (const installer of overlayInstallers(tree))
        overlays.push({ name: installer, ...pinned, ...(await readOverlayFacts(tree, installer)) })
    })
  return overlays.length === 0 ? {} : { overlays }
}

async function withStore<T>(path: string, spool: Spool, use: (store: ContentStore) => Promise<T>): Promise<T> {
  const store = await openStore({ kind: 'oci', path }, { spool })
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}
