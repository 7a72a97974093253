// An image as an immutable, lazy view over its store: the first who asks pays, the rest share; a failure is remembered.
// Claims of the image and facts of its bytes are given side by side: nothing is judged here.
import { algorithmOf, readDigest, type Digest } from '../../bytes/digest.ts'
import { readAll, type ByteSource } from '../../bytes/source.ts'
import type { Spool } from '../../bytes/spool.ts'
import { Budget } from '../../budget.ts'
import type { Content } from '../../bytes/verified.ts'
import { FormatError, NotFoundError, type Location } from '../../errors.ts'
import type { FileTree } from '../../fs/file-tree.ts'
import { mergeLayers } from '../../fs/overlay.ts'
import { lazy } from '../../lazy.ts'
import { listBlobs, type BlobClaim } from '../blobs.ts'
import { readChildPlatforms, type ChildPlatform } from './children.ts'
import { readDocument, type ImageDocument } from './document.ts'
import { readLayer, type LayerContent } from './layer.ts'
import { inTurns, mapInParallel } from '../parallel.ts'
import {
  configSchema,
  MAX_CONFIG_BYTES,
  readJsonDocument,
  type Descriptor,
  type ImageConfig,
  type Manifest,
  type ReadDocument,
} from './schemas.ts'
import { candidatesOf, childrenOf, select, type Architecture, type Selection } from './selection.ts'
import type { ContentStore } from '../store.ts'

type LayerView = {
  /** Position in the manifest, the lowest layer first. */
  readonly index: number
  readonly descriptor: Descriptor
  readonly where: Location
  /** The whole layer; errors of `readLayer`, NotFoundError BLOB_UNKNOWN. */
  read(): Promise<LayerContent>
  /** Digest and size of the stored bytes, also of a layer that cannot be read; NotFoundError BLOB_UNKNOWN. */
  computed(): Promise<Content>
}

export interface OciImage {
  /** The reference as the user wrote it. */
  readonly name: string
  /** The reference and the digest that it names. */
  readonly where: Location
  readonly root: ImageDocument
  /** The manifests of an index, with their platforms; none for a plain manifest. */
  readonly children: readonly Descriptor[]
  /** The children that are for linux on the architecture that was asked for. */
  readonly candidates: readonly Descriptor[]
  readonly selection: Selection
  /** The lowest first; throws what `manifest` rejects with. */
  readonly layers: readonly LayerView[]
  /** The selected manifest; NotFoundError MANIFEST_UNKNOWN where none is selected or it is not there. */
  manifest(): Promise<Manifest>
  rawConfig(): Promise<Uint8Array>
  config(): Promise<ImageConfig>
  /** The config with how it is written, and where Go's clients read it otherwise. */
  configText(): Promise<ReadDocument<ImageConfig>>
  labels(): Promise<ReadonlyMap<string, string>>
  /** The last entry of each name; one without `=` is ''. */
  env(): Promise<ReadonlyMap<string, string>>
  /** The files of all layers together; `origin.digest` of each is the layer it comes from. */
  tree(): Promise<FileTree>
  /** The documents between the reference and the image: the root, and the selected manifest where that is an index. */
  documents(): Promise<readonly ImageDocument[]>
  /** The platforms that an index declares for its children beside those of their configs; none for a plain manifest. */
  childPlatforms(): Promise<readonly ChildPlatform[]>
  /** Every blob of the image: what its descriptor claims and what its bytes are. */
  blobs(): Promise<readonly BlobClaim[]>
}

export type ImageOptions = {
  readonly spool: Spool
  /** The architecture of the manifest to choose from an index; arm64 unless given. */
  readonly architecture?: Architecture | undefined
}

/** The most that overlayfs of Linux can stack (OVL_MAX_STACK). */
const MAX_LAYERS = 500

/**
 * Reads the root document and the selected manifest at once. Errors are those of `resolve`, `open` and `readDocument`
 * about the root; what is wrong with the selected manifest comes with whatever needs it.
 */
export async function openImage(store: ContentStore, { spool, architecture }: ImageOptions): Promise<OciImage> {
  const descriptor = await store.resolve()
  const root = await readDocument(await openBlob(store, descriptor), descriptor)
  const children = childrenOf(root)
  const where = { path: store.name, digest: descriptor.digest }
  const budget = new Budget(spool.limits)
  budget.spend('children', children.length, where)
  const selection = select(root, architecture)

  const selected = lazy(() => readSelected(store, root, selection))
  const manifest = async (): Promise<Manifest> => (await selected()).document
  const views = await manifest()
    .then((document) => ({ layers: viewLayers(store, document, { spool, budget, inTurn: inTurns() }) }))
    .catch((error: unknown) => ({ error }))
  const layers = (): readonly LayerView[] => {
    if ('error' in views) throw views.error
    return views.layers
  }
  const rawConfig = lazy(async () => readAll(await openBlob(store, (await manifest()).config), MAX_CONFIG_BYTES))
  const configText = lazy(async () => {
    const at = { path: store.name, digest: (await manifest()).config.digest }
    return readJsonDocument(await rawConfig(), configSchema, 'config', at, MAX_CONFIG_BYTES)
  })
  const config = async (): Promise<ImageConfig> => (await configText()).value
  return {
    name: store.name,
    where,
    root,
    children,
    candidates: candidatesOf(children, architecture),
    selection,
    get layers() {
      return layers()
    },
    manifest,
    rawConfig,
    config,
    configText,
    labels: async () => new Map(Object.entries((await config()).config?.Labels ?? {})),
    env: async () => new Map(((await config()).config?.Env ?? []).map(splitVariable)),
    tree: lazy(async () => mergeLayers(await mapInParallel(layers(), (layer) => layer.read()), where)),
    documents: async () => (root.kind === 'manifest' ? [root] : [root, await selected()]),
    childPlatforms: lazy(() => readChildPlatforms(store, children)),
    blobs: lazy(async () => {
      // A manifest that is not there is a fact about the index: nothing below it can be listed.
      if ('error' in views && views.error instanceof NotFoundError) return listBlobs(store, { root, children })
      return listBlobs(store, { root, children, config: (await manifest()).config, layers: layers() })
    }),
  }
}

type SelectedManifest = Extract<ImageDocument, { kind: 'manifest' }>

async function readSelected(store: ContentStore, root: ImageDocument, selection: Selection): Promise<SelectedManifest> {
  if (root.kind === 'manifest') return root
  const at = { path: store.name, digest: root.descriptor.digest }
  if ('reason' in selection) throw new NotFoundError('MANIFEST_UNKNOWN', selection.reason, { at })
  const child = await readDocument(await openBlob(store, selection.manifest), selection.manifest)
  if (child.kind === 'manifest') return child
  throw new FormatError('manifest', 'MALFORMED', 'expected the manifest of an image, got another index', {
    at: { ...at, digest: selection.manifest.digest },
  })
}

type LayerPlace = {
  readonly spool: Spool
  readonly budget: Budget
  /** Whoever asks for all layers at once would hold the buffers of 500 decoders. */
  readonly inTurn: ReturnType<typeof inTurns>
}

/** FormatError LIMIT_EXCEEDED before any layer is read where their descriptors alone are over the budget. */
function viewLayers(store: ContentStore, { layers }: Manifest, place: LayerPlace): readonly LayerView[] {
  if (layers.length > MAX_LAYERS)
    throw new FormatError('manifest', 'LIMIT_EXCEEDED', `expected at most ${MAX_LAYERS} layers, got ${layers.length}`, {
      at: { path: store.name },
    })
  const sizes = new Map(layers.map(({ digest, size }) => [digest, size]))
  const stored = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  if (stored > place.budget.limits.bytes) throw place.budget.exceeded('bytes', { path: store.name })
  const byDigest = new Map<Digest, Pick<LayerView, 'read' | 'computed'>>()
  return layers.map((descriptor, index) => {
    const { digest } = descriptor
    const shared = byDigest.get(digest) ?? viewLayer(store, descriptor, place)
    byDigest.set(digest, shared)
    return { index, descriptor, where: { path: store.name, digest }, ...shared }
  })
}

function viewLayer(
  store: ContentStore,
  descriptor: Descriptor,
  place: LayerPlace,
): Pick<LayerView, 'read' | 'computed'> {
  const algorithm = algorithmOf(descriptor.digest)
  const open = lazy(() => openBlob(store, descriptor))
  const readNow = async (): Promise<LayerContent> =>
    readLayer(await open(), { ...place, algorithm, cache: store.layerCache?.(descriptor) })
  const read = lazy(() => place.inTurn(readNow))
  const computed = lazy(async () => {
    const source = await open()
    return read().then(
      (content) => content.computed,
      async () => ({ digest: await readDigest(source, algorithm), size: source.size }),
    )
  })
  return { read, computed }
}

/** A blob whose every error and origin carries its digest. */
async function openBlob(store: ContentStore, descriptor: Descriptor): Promise<ByteSource> {
  const source = await store.open(descriptor)
  return source.slice(0, source.size, { ...source.where, digest: descriptor.digest })
}

function splitVariable(text: string): readonly [string, string] {
  const equals = text.indexOf('=')
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)]
}
