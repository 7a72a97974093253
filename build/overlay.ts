// The layer of a board's overlay, as imager writes it into an installer (siderolabs/talos pkg/imager/out.go, outInstaller
// @ v1.11.5): the artifacts, the program of the overlay as `default`, and its options.
import type { Spool } from '#harness/bytes/spool.ts'
import { openImage } from '#harness/oci/image/image.ts'
import { overlayContent, overlayEntries } from '#harness/talos/overlay.ts'
import type { PinnedOverlay } from '#specs/contract/lock.ts'
import { BuildError } from './build-error.ts'
import type { StreamedTarFile } from './formats/tar-layer.ts'
import { encodeYamlScalar } from './formats/yaml-scalar.ts'
import { openPinned, type UpstreamParts } from './upstream/upstream.ts'

type OverlayOptions = Readonly<Record<string, string | number | boolean>>

/** A board's overlay as pinned, with the options of the contract. */
export type PlannedOverlay = { readonly pinned: PinnedOverlay; readonly options: OverlayOptions }

const FOLDER = 'overlay'
const OPTIONS_MODE = 0o644

/** Files of the layer in imager's order. NotFoundError, and BuildError LOCK for an overlay with other contents than the lock's. */
export async function makeOverlayFiles(
  upstream: UpstreamParts,
  { pinned, options }: PlannedOverlay,
  spool: Spool,
): Promise<readonly StreamedTarFile[]> {
  const store = await openPinned(upstream, pinned, spool)
  try {
    const entries = overlayEntries(await (await openImage(store, { spool })).tree(), pinned.name)
    if (pinned.content !== undefined && (await overlayContent(entries)) !== pinned.content)
      throw new BuildError('LOCK', `the lock has other contents of the overlay ${pinned.name} than its image`, {
        at: { path: pinned.reference },
      })
    const ownerless = { uid: 0, gid: 0, mtime: 0 } as const
    const files = entries.map(({ path, type, mode, data }): StreamedTarFile => {
      return { name: `${FOLDER}/${path}`, type, mode, ...ownerless, ...(data !== undefined && { data }) }
    })
    const text = encodeOptions(options)
    const own = { name: `${FOLDER}/extra-options`, type: 'file', mode: OPTIONS_MODE, ...ownerless } as const
    return [...files, { ...own, data: Buffer.from(text) }].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  } finally {
    await store.close()
  }
}

/** yaml.Marshal of the options; names have letters and `_`, which Go puts before letters. */
function encodeOptions(options: OverlayOptions): string {
  const names = Object.keys(options).toSorted((a, b) => {
    const [left, right] = [a.replaceAll('_', ' '), b.replaceAll('_', ' ')]
    return left < right ? -1 : 1
  })
  if (names.length === 0) return '{}\n'
  return names.map((name) => `${encodeYamlScalar(name, 0)}: ${encodeOption(options[name] ?? '')}\n`).join('')
}

export function encodeOption(value: string | number | boolean, indent = 4): string {
  return typeof value === 'string' ? encodeYamlScalar(value, indent) : String(value)
}
