// Claims and content of an extension's published image.
import { FormatError } from '#harness/errors.ts'
import type { Spool } from '#harness/bytes/spool.ts'
import { readExtensionContent } from '#harness/talos/extension/content.ts'
import { foreignPaths, readExtensionPackage } from '#harness/talos/extension/image.ts'
import { labelsDigest } from '#harness/talos/extension/labels.ts'
import { publishedModes } from '#harness/talos/extension/modes.ts'
import { quirksOf } from '#harness/talos/quirks.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'
import type { ContentStore } from '#harness/oci/store.ts'
import type { PinnedExtension } from '#specs/contract/lock.ts'

export type ExtensionFacts = Pick<
  PinnedExtension,
  'name' | 'version' | 'metadata' | 'content' | 'modes' | 'labels' | 'firmware'
>

/** The known facts of the image before it is read. */
export type ExtensionOrigin = {
  readonly reference: string
  readonly talos: string | undefined
  /** The name that it must have; the caller reports another one. */
  readonly name?: string
  /** True for one that is not upstream's, whose tag need not be its version. */
  readonly isOwn?: boolean
}

/**
 * The facts of its linux/arm64 image. Errors as of `readExtensionPackage` and of reading its files; FormatError
 * `extension` for a version that is not the tag's, and for a path that the release lets no extension install.
 */
export async function readExtensionFacts(
  store: ContentStore,
  spool: Spool,
  { reference, talos, name: wanted, isOwn = false }: ExtensionOrigin,
): Promise<ExtensionFacts> {
  const { manifest, rootfs } = await readExtensionPackage(store, spool)
  const { name, version, author, description, compatibility, extraInfo } = manifest.metadata
  const tag = /:([^/:@]+)(?:@.*)?$/.exec(reference)?.[1]
  const fail = (message: string) => new FormatError('extension', 'MALFORMED', message, { at: { path: reference } })
  if (!isOwn && tag !== undefined && tag !== version && (wanted ?? name) === name)
    throw fail(`expected the version ${tag} of its tag, got ${version} of its manifest`)
  const [foreign] = foreignPathsOf(rootfs, talos)
  if (foreign !== undefined) throw fail(`path "/${foreign}" is not allowed in extensions of ${talos}`)
  const metadata = {
    author,
    description,
    compatibility: compatibility.talos.version,
    ...(extraInfo !== undefined && { extraInfo }),
  }
  const { content, firmware } = await readExtensionContent(rootfs)
  const modes = publishedModes(rootfs)
  const labels = labelsDigest(rootfs)
  return {
    name,
    version,
    metadata,
    content,
    ...(modes !== undefined && { modes }),
    ...(labels !== undefined && { labels }),
    firmware,
  }
}

function foreignPathsOf(rootfs: FileTree, talos: string | undefined): readonly string[] {
  const prefixes = prefixesOf(talos)
  return prefixes === undefined ? [] : foreignPaths(rootfs, prefixes)
}

/** Allowed prefixes; undefined for a release whose sources were not read: what it allows is not known. */
function prefixesOf(talos: string | undefined): readonly string[] | undefined {
  try {
    return talos === undefined ? undefined : quirksOf(talos).extensionPrefixes
  } catch (error) {
    if (error instanceof FormatError && error.code === 'UNSUPPORTED') return undefined
    throw error
  }
}
