// Images of ours against squashfs-tools: stored ones are mksquashfs's to the byte, compressed ones unpack to what went
// in.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pack, type Header } from 'tar-stream'
import { afterAll, describe, expect, it } from 'vitest'
import { CHUNK_SIZE, makeSource } from '#harness/bytes/source.ts'
import { encodeSquashfs, writeSquashfs, type SquashFile } from './writer.ts'

const work = await mkdtemp(join(tmpdir(), 'squashfs-writer-'))
afterAll(() => rm(work, { recursive: true, force: true }))
const ours = join(work, 'ours.sqsh')
const theirs = join(work, 'theirs.sqsh')
const TIME = 1_700_000_000

function run(tool: string, args: readonly string[], input: Uint8Array = Buffer.alloc(0)): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }
    const child = execFile(tool, args, { cwd: work, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${tool} ${args.join(' ')}: ${stderr || error.message}`, { cause: error }))
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

function entry(path: string, more: Partial<SquashFile> = {}): SquashFile {
  return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: TIME, ...more }
}

/** Bytes that compress to about half, the same each time. */
function fill(size: number, seed: string): Buffer {
  const bytes = Buffer.alloc(size)
  for (let at = 0; at < size; at += 64) createHash('sha256').update(`${seed} ${at}`).digest().copy(bytes, at)
  return bytes
}

const contents: readonly SquashFile[] = [
  entry('', { type: 'directory', mode: 0o755 }),
  entry('empty'),
  entry('few', { data: Buffer.from('few\n') }),
  entry('few-again', { data: Buffer.from('few\n') }),
  entry('folder', { type: 'directory', mode: 0o1777, uid: 12, gid: 34 }),
  entry('folder/blocks', { data: fill(500_000, 'blocks'), mode: 0o4755 }),
  entry('folder/copy', { data: fill(500_000, 'blocks') }),
  entry('folder/empty', { type: 'directory', mode: 0o700 }),
  entry('folder/link', { type: 'hardlink', target: 'folder/blocks' }),
  entry('folder/one-block', { data: fill(131_072, 'one') }),
  ...Array.from({ length: 40 }, (_, n) => entry(`fragments/${n}`, { data: fill(n * 3001, `${n}`) })),
  entry('symlink', { type: 'symlink', mode: 0o777, target: 'folder/blocks' }),
  entry('zeros', { data: Buffer.concat([Buffer.alloc(262_144), fill(100, 'z'), Buffer.alloc(300_000)]), sparse: true }),
  entry('ünï', { data: Buffer.from('name') }),
]
const xattrs = new Map([
  ['security.selinux', Buffer.from('system_u:object_r:bin_t:s0\0')],
  ['user.note', Buffer.from('one')],
])
const special: readonly SquashFile[] = [
  entry('attributes', { data: fill(10, 'x'), xattrs }),
  entry('attributes-too', { type: 'directory', mode: 0o755, xattrs }),
  entry('labelled', { type: 'symlink', mode: 0o777, target: 'few', xattrs: new Map([['user.n', Buffer.alloc(0)]]) }),
  entry('device-block', { type: 'block', device: { major: 259, minor: 4097 } }),
  entry('device-char', { type: 'character', device: { major: 5, minor: 1 }, mode: 0o620, gid: 5 }),
  entry('pipe', { type: 'fifo' }),
]
const crowd: readonly SquashFile[] = Array.from({ length: 5000 }, (_, n) =>
  entry(`crowd/entry-${n}-${'x'.repeat(n % 30)}`, { data: Buffer.from(`${n % 7}`) }),
)

const folders = ['crowd', 'fragments'].map((path) => entry(path, { type: 'directory', mode: 0o755 }))
/** In the order of the image, which is that in which mksquashfs numbers what it reads from a tar. */
const everything = [...contents, ...special, ...crowd, ...folders].toSorted((a, b) =>
  Buffer.compare(Buffer.from(a.path.replaceAll('/', '\0')), Buffer.from(b.path.replaceAll('/', '\0'))),
)

/** A tar of the same files: it says everything about them without root. */
function toTar(files: readonly SquashFile[]): Promise<Buffer> {
  const archive = pack()
  const types = { character: 'character-device', block: 'block-device', hardlink: 'link', socket: 'file' } as const
  for (const { path, type, mode, uid, gid, mtime, target, device, xattrs: pairs, data } of files) {
    const header: Partial<Header> & Pick<Header, 'name'> = {
      name: path === '' ? './' : path,
      type: type in types ? types[type as keyof typeof types] : (type as 'file'),
      mode,
      uid,
      gid,
      mtime: new Date(mtime * 1000),
      ...(target === undefined ? {} : { linkname: target }),
      ...(device === undefined ? {} : { devmajor: device.major, devminor: device.minor }),
      pax: Object.fromEntries([...(pairs ?? [])].map(([name, value]) => [`SCHILY.xattr.${name}`, value.toString()])),
    }
    archive.entry(header, data instanceof Uint8Array ? Buffer.from(data) : Buffer.alloc(0))
  }
  archive.finalize()
  return buffer(archive)
}

let everythingAsTar: Promise<Buffer> | undefined

/** The image that mksquashfs makes of the tar; the options take back what it does differently for tars. */
async function mksquashfs(...options: readonly string[]): Promise<void> {
  everythingAsTar ??= toTar(everything)
  const likeFolders = ['-exports', '-no-tailends', '-root-mode', '0755', '-all-time', `${TIME}`]
  await run(
    'mksquashfs',
    ['-', theirs, '-tar', '-noappend', '-no-progress', '-mkfs-time', `${TIME}`, ...likeFolders, ...options],
    await everythingAsTar,
  )
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_SIZE })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

describe('a stored image is the one that mksquashfs makes', () => {
  const level = ['-comp', 'zstd', '-Xcompression-level', '18']
  it.for([
    [4096, 'small-files', []],
    [131_072, 'small-files', []],
    [131_072, 'none', ['-no-fragments']],
    [1_048_576, 'small-files', []],
  ] as const)('%i %s', async ([blockSize, fragments, options]) => {
    await mksquashfs(...level, '-noI', '-noD', '-noF', '-noX', '-b', `${blockSize}`, ...options)
    const written = await encodeSquashfs(everything, {
      compression: 'zstd',
      modificationTime: TIME,
      stored: true,
      blockSize,
      fragments,
    })
    expect(Buffer.compare(written, await readFile(theirs))).toBe(0)
  })
})

describe('a compressed image', () => {
  it.for([
    ['zstd', 18, 'small-files', []],
    ['zstd', 3, 'tail-ends', ['-always-use-fragments']],
    ['gzip', 3, 'none', ['-no-fragments']],
  ] as const)(
    '%s %i %s is listed as that of mksquashfs and as big',
    async ([compression, level, fragments, options]) => {
      await mksquashfs('-comp', compression, '-Xcompression-level', `${level}`, ...options)
      await writeFile(ours, await encodeSquashfs(everything, { compression, level, modificationTime: TIME, fragments }))
      expect(await run('unsquashfs', ['-lln', ours])).toBe(await run('unsquashfs', ['-lln', theirs]))
      const [{ size: got }, { size: want }] = await Promise.all([stat(ours), stat(theirs)])
      expect(Math.abs(got - want) / want).toBeLessThan(0.02)
    },
  )

  it.for([
    ['zstd', 'small-files'],
    ['zstd', 'tail-ends'],
    ['gzip', 'none'],
  ] as const)('%s %s unpacks to what went in', async ([compression, fragments]) => {
    const options = { compression, level: 3, modificationTime: TIME, fragments }
    await writeFile(ours, await encodeSquashfs(contents, options))
    const out = join(work, `${compression}-${fragments}`)
    await run('unsquashfs', ['-no-progress', '-d', out, ours])
    const files = contents.filter(({ type }) => type === 'file')
    for (const { path, data = Buffer.alloc(0) } of files)
      expect((await readFile(join(out, path))).equals(data as Uint8Array), path).toBe(true)
    expect(await readlink(join(out, 'symlink'))).toBe('folder/blocks')
    const [first, second] = await Promise.all(['blocks', 'link'].map((name) => stat(join(out, 'folder', name))))
    expect(second?.ino).toBe(first?.ino)
  })
})

it('streams a file of 400 MiB in flat memory', { timeout: 120_000 }, async () => {
  const size = 400 << 20
  const pattern = Buffer.alloc(1 << 17, fill(4096, 'big'))
  // The heap of the oracles is so large that garbage would wait until all of the file is written.
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  let [peak, measured] = [0, 0]
  const measure = (offset: number): void => {
    if (offset < measured) return
    measured = offset + (16 << 20)
    collectGarbage()
    peak = Math.max(peak, process.memoryUsage().rss)
  }
  const big = makeSource(
    (offset, length) => {
      measure(offset)
      // The same bytes at a place, however long what is read from there is.
      if (offset % pattern.length !== 0) throw new Error(`expected a read at a block, got one at ${offset}`)
      const bytes = Buffer.alloc(length)
      for (let at = 0; at < length; at += pattern.length) {
        pattern.copy(bytes, at)
        bytes.writeUInt32LE((offset + at) / 4096, at)
      }
      return Promise.resolve(bytes)
    },
    0,
    size,
    {},
  )
  await using file = await open(ours, 'w+')
  const before = process.memoryUsage().rss
  await writeSquashfs(file, [entry('big', { data: big })], { compression: 'zstd', level: 1, modificationTime: TIME })
  expect(measured).toBeGreaterThanOrEqual(size)
  expect((peak - before) >> 20, 'MiB').toBeLessThan(300)
  const out = join(work, 'big')
  await run('unsquashfs', ['-no-progress', '-d', out, ours])
  const hash = createHash('sha256')
  for (let at = 0; at < size; at += pattern.length) hash.update(await big.read(at, pattern.length))
  expect(await sha256(join(out, 'big'))).toBe(hash.digest('hex'))
})
