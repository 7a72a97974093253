// The embedded upstream in a registry, signed as siderolabs signs, for tests of `npm run lock`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { documentManifest, signatureManifests, type PushManifest } from '#build/signing/artifacts.ts'
import { IN_TOTO_PAYLOAD } from '#build/signing/signer.ts'
import { signatureStatement } from '#build/signing/statements.ts'
import { attachManifests } from '#fixtures/simulator/authority/attach.ts'
import { SIDERO } from '#fixtures/simulator/authority/sign-upstream.ts'
import { openAuthority, type Identity } from '#fixtures/simulator/authority/authority.ts'
import { pushStore } from '#fixtures/simulator/registry/content/images.ts'
import { startRegistry, type Registry } from '#fixtures/simulator/registry/server.ts'
import {
  buildImage,
  buildIndex,
  makeLayer,
  type Architecture,
  type Built,
} from '#fixtures/simulator/upstream/parts/oci.ts'
import { file } from '#fixtures/simulator/upstream/parts/tree.ts'
import {
  makeUpstream,
  storeOf,
  type ReleaseName,
  type Upstream,
  type UpstreamImage,
} from '#fixtures/simulator/upstream/upstream.ts'
import { bytesSource, readAll } from '#harness/bytes/source.ts'
import { lazy } from '#harness/lazy.ts'
import { Spool } from '#harness/bytes/spool.ts'
import { digestOf } from '#harness/bytes/digest.ts'
import type { Descriptor } from '#harness/oci/image/schemas.ts'

const OTHER_SIGNER: Identity = { issuer: SIDERO.issuer, subject: 'someone@siderolabs.com.example' }

/** One for the whole process: it is made of keys, and what it signed once need not be signed again. */
const authority = lazy(() => openAuthority())
const signatures = new Map<string, Promise<readonly PushManifest[]>>()

export type SignedUpstream = AsyncDisposable & {
  readonly registry: Registry
  readonly upstream: Upstream
  /** `127.0.0.1:41234/siderolabs` */
  readonly namespace: string
  /** The file for --trusted-root. */
  readonly trustedRoot: string
  /** The folder for what a test writes. */
  readonly folder: string
  imageOf(name: string): UpstreamImage
  sign(name: string, descriptor: Descriptor): Promise<void>
  /** Takes all signatures of an image away. */
  unsign(name: string): Promise<void>
  /** The same, signed by a signer that is not trusted. */
  signByOther(name: string): Promise<void>
  /** Attaches a bundle of siderolabs' as one of this media type. */
  signAs(name: string, mediaType: string): Promise<void>
  /** Puts a catalogue of these lines in the place of the release's, signed by siderolabs. */
  putCatalogue(talos: string, lines: readonly string[]): Promise<void>
  /** Puts an image under a tag. */
  put(name: string, tag: string, built: Built): Promise<void>
  /** Serves what was served first, and nothing else, without a fault. */
  restore(): Promise<void>
}

export async function serveUpstream(releases: readonly ReleaseName[]): Promise<SignedUpstream> {
  const folder = await mkdtemp(join(tmpdir(), 'signed-upstream-'))
  const [upstream, { trustedRoot }, registry] = [
    await makeUpstream({ releases }),
    await authority(),
    await startRegistry(),
  ]
  const { content } = registry
  await writeFile(join(folder, 'trusted_root.json'), trustedRoot)
  const spool = new Spool(join(folder, 'spool'))
  const attach = (name: string, manifests: readonly PushManifest[]): Promise<void> =>
    attachManifests(content, `siderolabs/${name}`, manifests)
  const imageOf = (name: string): UpstreamImage => {
    const found = upstream.images.find((one) => one.name === name)
    if (found === undefined) throw new Error(`expected ${name} of ${releases.join(', ')}`)
    return found
  }
  const sign = async (name: string, descriptor: Descriptor): Promise<void> =>
    attach(name, await signaturesOf(name, descriptor, SIDERO))
  const put = async (name: string, tag: string, built: Built): Promise<void> => {
    const image = { ...imageOf('installer-base'), reference: `${name}:${tag}`, built }
    await pushStore(registry, storeOf(image), `siderolabs/${name}`, tag)
  }
  const unsign = async (name: string): Promise<void> => {
    const { manifests = new Map(), tags = new Map() } = content.find(`siderolabs/${name}`) ?? {}
    for (const { subject, digest } of manifests.values())
      if (subject !== undefined) await content.deleteManifest(`siderolabs/${name}`, digest)
    for (const tag of tags.keys()) if (tag.endsWith('.sig')) await content.deleteTag(`siderolabs/${name}`, tag)
  }
  const serve = async (): Promise<void> => {
    await upstream.serve(registry)
    for (const { name, built } of upstream.images) await sign(name, built.descriptor)
  }
  await serve()
  return {
    registry,
    upstream,
    namespace: `${registry.host}/siderolabs`,
    trustedRoot: join(folder, 'trusted_root.json'),
    folder,
    imageOf,
    sign,
    unsign,
    async signByOther(name) {
      await unsign(name)
      await attach(name, await signaturesOf(name, imageOf(name).built.descriptor, OTHER_SIGNER))
    },
    async signAs(name, mediaType) {
      const { descriptor } = imageOf(name).built
      const signer = (await authority()).signer(SIDERO)
      const statement = Buffer.from(JSON.stringify(signatureStatement(descriptor.digest)))
      const bytes = JSON.stringify({ ...(await signer.signEnvelope(IN_TOTO_PAYLOAD, statement)), mediaType })
      await attach(name, [documentManifest(descriptor, { artifactType: mediaType, bytes: Buffer.from(bytes) })])
    },
    put,
    async putCatalogue(talos, lines) {
      const built = await makeCatalogue(lines, spool)
      await put('extensions', talos, built)
      await sign('extensions', built.descriptor)
    },
    async restore() {
      registry.clearFaults()
      for (const { manifests, tags } of content.repositories()) {
        manifests.clear()
        tags.clear()
        // A test may have put an answer of its own in the place of the map's.
        Reflect.deleteProperty(tags, 'get')
      }
      await serve()
    },
    async [Symbol.asyncDispose]() {
      await registry.close()
      await spool.close()
      await rm(folder, { recursive: true })
    },
  }
}

async function signaturesOf(name: string, descriptor: Descriptor, by: Identity): Promise<readonly PushManifest[]> {
  const id = `${name}@${descriptor.digest} ${by.subject}`
  const { signer } = await authority()
  const made = signatures.get(id) ?? signatureManifests(descriptor, `ghcr.io/siderolabs/${name}`, signer(by))
  signatures.set(id, made)
  return made
}

async function makeCatalogue(lines: readonly string[], spool: Spool): Promise<Built> {
  const descriptions = lines.map((line) => `${JSON.stringify(line)}: {author: Sidero Labs, description: one}`)
  const files = [
    file('image-digests', `${lines.join('\n')}\n`),
    file('descriptions.yaml', `${descriptions.join('\n')}\n`),
  ]
  const layer = await makeLayer(files, { spool, mtime: 0, gzipLevel: 1 })
  const image = (architecture: Architecture) =>
    buildImage([layer], { architecture, created: '2022-01-20T00:00:00Z', config: {}, history: [] })
  return buildIndex([image('amd64'), image('arm64')])
}

/** The same image without its manifests for arm64. */
export async function withoutArm64({ descriptor, blobs }: Built): Promise<Built> {
  const index = blobs.find(({ digest }) => digest === descriptor.digest)
  if (index === undefined) throw new Error('expected the index among its blobs')
  const document = JSON.parse(Buffer.from(await readAll(index.data, 1 << 20)).toString())
  document.manifests = document.manifests.filter(
    ({ platform }: { readonly platform?: { readonly architecture: string } }) => platform?.architecture === 'amd64',
  )
  const bytes = Buffer.from(JSON.stringify(document))
  const digest = digestOf(bytes)
  return {
    descriptor: { ...descriptor, digest, size: bytes.length },
    blobs: [...blobs, { digest, data: bytesSource(bytes) }],
  }
}
