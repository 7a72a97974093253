import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { digestOf } from '../bytes/digest.ts'
import { readAll } from '../bytes/source.ts'
import { Spool } from '../bytes/spool.ts'
import { FormatError, NotFoundError } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import * as samples from '../testing/oci-samples.ts'
import { OCI_MANIFEST } from './image/media-types.ts'
import { openStore } from './open.ts'
import { parseReference } from './image/reference.ts'
import { blobPath } from './store.ts'

const spool = new Spool(tmpdir())
const image = samples.imageOf([samples.tarOf([{ name: 'a', content: 'x' }])])
const files = samples.layoutFiles(samples.indexOf([samples.manifestDescriptor(image)]), image.blobs)
const manifest = samples.descriptorOf(image.manifest, OCI_MANIFEST)
const missing = { ...manifest, digest: digestOf(Buffer.from('missing')) }
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stores-'))
})
afterEach(() => rm(folder, { recursive: true }))

const open = (text: string) => openStore(parseReference(text), { spool })
const at = (name: string): string => join(folder, name)

async function writeLayout(content: ReadonlyMap<string, Uint8Array>): Promise<string> {
  for (const [name, bytes] of content) {
    await mkdir(dirname(at(name)), { recursive: true })
    await writeFile(at(name), bytes)
  }
  return folder
}

async function writeArchive(bytes: Uint8Array): Promise<string> {
  await writeFile(at('x.tar'), bytes)
  return at('x.tar')
}

describe('openStore', () => {
  it.for(['oci', 'oci-archive'] as const)('reads an image layout by %s', async (kind) => {
    const path = kind === 'oci' ? await writeLayout(files) : await writeArchive(samples.tarOfFiles(files))
    const store = await open(`${kind}:${path}`)
    expect(store.name).toBe(`${kind}:${path}`)
    expect(await store.resolve()).toEqual(manifest)
    const source = await store.open(manifest)
    expect(source.where).toEqual({ path: `${path}!${blobPath(manifest)}` })
    expect(await readAll(source, 10_000)).toEqual(image.manifest)
    const errors = [
      await expectCode(() => store.open(missing), NotFoundError, 'MANIFEST_UNKNOWN'),
      await expectCode(() => store.open({ ...missing, mediaType: 'x' }), NotFoundError, 'BLOB_UNKNOWN'),
    ]
    for (const error of errors)
      expect(error.at).toEqual({ path: `${path}!${blobPath(missing)}`, digest: missing.digest })
    await store.close()
  })

  it('reads a docker archive', async () => {
    const path = await writeArchive(samples.tarOfFiles(samples.dockerFiles(image)))
    const store = await open(`docker-archive:${path}`)
    const root = await store.resolve()
    expect(JSON.parse(Buffer.from(await readAll(await store.open(root), 10_000)).toString())).toMatchObject({
      config: { digest: digestOf(image.config) },
      layers: [{ digest: digestOf(image.layers[0] ?? Buffer.alloc(0)) }],
    })
    await store.close()
  })

  it('reads blobs of a layout through links inside it', async () => {
    const path = await writeLayout(files)
    await rm(at(blobPath(manifest)))
    await writeFile(at('elsewhere'), image.manifest)
    await symlink('../../elsewhere', at(blobPath(manifest)))
    const store = await open(`oci:${path}`)
    expect(await readAll(await store.open(manifest), 10_000)).toEqual(image.manifest)
    await store.close()
  })

  it('does not follow a link out of a layout', async () => {
    const path = await writeLayout(files)
    await rm(at(blobPath(manifest)))
    await symlink('/etc/passwd', at(blobPath(manifest)))
    const store = await open(`oci:${path}`)
    const error = await expectCode(() => store.open(manifest), FormatError, 'MALFORMED')
    expect(error.message).toBe('oci: expected a file in the layout, got a link that leads out of it')
    expect(error.at).toEqual({ path: `${path}!${blobPath(manifest)}` })
    await store.close()
  })

  it('does not go round in circles of links', async () => {
    const path = await writeLayout(files)
    await rm(at(blobPath(manifest)))
    await symlink(at(blobPath(manifest)), at(blobPath(manifest)))
    const store = await open(`oci:${path}`)
    const error = await expectCode(() => store.open(manifest), FormatError, 'MALFORMED')
    expect(error.message).toBe('oci: cannot be opened: ELOOP')
    await store.close()
  })

  it('does not wait at a named pipe', async () => {
    const path = await writeLayout(files)
    await rm(at(blobPath(manifest)))
    execFileSync('mkfifo', [at(blobPath(manifest))])
    const store = await open(`oci:${path}`)
    const error = await expectCode(() => store.open(manifest), FormatError, 'MALFORMED')
    expect(error.message).toBe('oci: expected a file, got a special file')
    await store.close()
  })

  it.for([
    ['oci:FOLDER/none', 'MANIFEST_UNKNOWN', 'oci: expected a file or a folder, got nothing'],
    ['oci:FOLDER/empty-folder', 'MALFORMED', 'oci: expected an image layout with a file oci-layout, got none'],
    ['oci:FOLDER/file', 'MALFORMED', 'oci: expected a folder, got a file'],
    ['oci:FOLDER/no-index', 'MALFORMED', 'oci: expected an image layout with a file index.json, got none'],
    ['oci:FOLDER/file/below', 'MALFORMED', 'oci: cannot be opened: ENOTDIR'],
    ['oci-archive:FOLDER/none', 'MANIFEST_UNKNOWN', 'oci-archive: expected a file or a folder, got nothing'],
    ['oci-archive:FOLDER/empty-folder', 'MALFORMED', 'oci-archive: expected a file, got a folder'],
    ['oci-archive:FOLDER/file', 'BAD_MAGIC', 'oci-archive: expected a tar, got something else'],
    ['oci-archive:FOLDER/empty', 'BAD_MAGIC', 'oci-archive: expected a tar, got an empty file'],
    ['oci-archive:FOLDER/tar', 'MALFORMED', 'oci: expected an image layout with a file oci-layout, got none'],
    ['oci-archive:FOLDER/tar.gz', 'UNSUPPORTED', 'oci-archive: expected a plain tar, got gzip: decompress it first'],
    ['oci-archive:FOLDER/half', 'TRUNCATED', 'tar: expected 312 more bytes of an entry, got the end'],
    ['docker-archive:FOLDER/none', 'MANIFEST_UNKNOWN', 'docker-archive: expected a file or a folder, got nothing'],
    ['docker-archive:FOLDER/empty', 'BAD_MAGIC', 'docker-archive: expected a tar, got an empty file'],
    ['docker-archive:FOLDER/file', 'BAD_MAGIC', 'docker-archive: expected a tar, got something else'],
    ['docker-archive:FOLDER/tar', 'MALFORMED', 'docker-archive: expected a file manifest.json, got none'],
    [
      'docker-archive:FOLDER/tar.gz',
      'UNSUPPORTED',
      'docker-archive: expected a plain tar, got gzip: decompress it first',
    ],
    ['dir:FOLDER', 'UNSUPPORTED', 'dir: expected an image, got a folder of files'],
    ['ghcr.io/a/b:v1', 'UNSUPPORTED', 'registry: expected access to a registry, got none'],
  ] as const)('says in one sentence what is wrong with %s', async ([text, code, message]) => {
    await mkdir(at('empty-folder'))
    await mkdir(at('no-index'))
    await writeFile(at('no-index/oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    const tar = samples.tarOf([{ name: 'a' }])
    await Promise.all([
      writeFile(at('file'), Buffer.alloc(2048, '\x89PNG')),
      writeFile(at('empty'), ''),
      writeFile(at('tar'), tar),
      writeFile(at('tar.gz'), gzipSync(tar)),
      writeFile(at('half'), tar.subarray(0, 200)),
    ])
    const Class = code === 'MANIFEST_UNKNOWN' ? NotFoundError : FormatError
    const error = await expectCode(
      async () => {
        const store = await open(text.replace('FOLDER', folder))
        await store.resolve().finally(() => store.close())
      },
      Class,
      code,
    )
    expect(error.message).toBe(message.replace('FOLDER', folder))
    expect(error.at?.path).toContain(text.startsWith('ghcr') ? 'ghcr.io' : folder)
  })
})
