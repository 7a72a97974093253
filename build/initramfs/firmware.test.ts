import { describe, expect, it } from 'vitest'
import { bytesSource } from '#harness/bytes/source.ts'
import { FileTree, type FileEntry } from '#harness/fs/file-tree.ts'
import { BuildError } from '../build-error.ts'
import { toSquashFiles, type Extension } from './extension.ts'
import { collectFirmware } from './firmware.ts'

function entry(path: string, more: Partial<FileEntry> = {}): FileEntry {
  const origin = { path }
  const data = more.type === undefined ? { data: bytesSource(Buffer.from(path), origin) } : {}
  return { path, type: 'file', mode: 0o644, uid: 7, gid: 7, size: 0, mtime: 3, origin, ...data, ...more }
}

const folder = (path: string, mode = 0o755) => entry(path, { type: 'directory', mode })
const link = (path: string, target: string) => entry(path, { type: 'symlink', mode: 0o777, target })
const content = (path: string, text: string) => entry(path, { data: bytesSource(Buffer.from(text), { path }) })

function extension(name: string, entries: readonly FileEntry[]): Extension {
  const metadata = { name, version: '1', author: '', description: '', compatibility: { talos: { version: '' } } }
  return { metadata, rootfs: new FileTree(entries, { path: name }), close: () => Promise.resolve() }
}

const FIRMWARE = 'usr/lib/firmware'
const refusal = async (action: () => unknown): Promise<unknown> => {
  try {
    await action()
    return 'nothing'
  } catch (error) {
    return error instanceof BuildError ? [error.code, error.message] : error
  }
}

describe('collectFirmware', () => {
  const collect = async (...extensions: readonly Extension[]) =>
    Promise.all(
      (await collectFirmware(extensions)).map(async ({ path, mode, data }) => [
        path,
        mode.toString(8),
        data === undefined ? '' : Buffer.from(await data.read(0, data.size)).toString(),
      ]),
    )

  it('takes files and folders, links as what they lead to', async () => {
    const ice = extension('ice', [
      folder(FIRMWARE),
      folder(`${FIRMWARE}/intel`, 0o1057),
      { ...content(`${FIRMWARE}/intel/ice-1.pkg`, 'pkg'), mode: 0o4666 },
      link(`${FIRMWARE}/intel/ice.pkg`, 'ice-1.pkg'),
      link(`${FIRMWARE}/old`, '/usr/lib/firmware/intel'),
      content('usr/local/x', 'x'),
    ])
    expect(await collect(ice)).toEqual([
      [FIRMWARE, '755', ''],
      [`${FIRMWARE}/intel`, '755', ''],
      [`${FIRMWARE}/intel/ice-1.pkg`, '644', 'pkg'],
      [`${FIRMWARE}/intel/ice.pkg`, '644', 'pkg'],
      [`${FIRMWARE}/old`, '755', ''],
      [`${FIRMWARE}/old/ice-1.pkg`, '644', 'pkg'],
      [`${FIRMWARE}/old/ice.pkg`, '644', 'pkg'],
    ])
    expect(await collect(extension('none', []))).toEqual([])
  })

  const qed = (name: string, text: string) => extension(name, [folder(FIRMWARE), content(`${FIRMWARE}/qed.bin`, text)])

  it('takes a file that two extensions bring alike once', async () => {
    expect(await collect(qed('a', 'same'), qed('b', 'same'))).toHaveLength(2)
  })

  it.for([
    ['other bytes', 'diff'],
    ['a shorter file', 'b'],
  ] as const)('refuses %s under one path', async ([, text]) => {
    expect(await refusal(() => collectFirmware([qed('a', 'same'), qed('b', text)]))).toEqual([
      'FIRMWARE',
      'the extensions a and b both bring usr/lib/firmware/qed.bin, with different bytes',
    ])
  })

  it('refuses a folder and a file under one path', async () => {
    const b = extension('b', [folder(FIRMWARE), folder(`${FIRMWARE}/qed.bin`)])
    expect(await refusal(() => collectFirmware([qed('a', 'x'), b]))).toMatchObject(['FIRMWARE', expect.any(String)])
  })

  it.for([
    ['a link that leads nowhere', [link(`${FIRMWARE}/x`, 'gone')]],
    ['a fifo', [entry(`${FIRMWARE}/x`, { type: 'fifo' })]],
    ['a link to a folder that leads back to itself', [link(`${FIRMWARE}/x`, '.')]],
  ] as const)('refuses %s', async ([what, entries]) => {
    const [code, message] = (await refusal(() =>
      collectFirmware([extension('e', [folder(FIRMWARE), ...entries])]),
    )) as string[]
    expect(code).toBe('EXTENSION')
    expect(message).toContain(what)
  })
})

describe('toSquashFiles', () => {
  it('is root-owned and of one time, a file for each name, with modes as imager leaves them, links and labels, without firmware', () => {
    const one = content('usr/local/a', 'text')
    const label = Buffer.from('system_u:object_r:bin_t:s0\0')
    const files = toSquashFiles(
      extension('e', [
        folder('usr/local/tmp', 0o1777),
        {
          ...one,
          xattrs: new Map([
            ['security.selinux', label],
            ['user.x', label],
          ]),
        },
        { ...one, path: 'usr/local/b' },
        link('usr/local/c', 'a'),
        folder(FIRMWARE),
        { ...one, path: `${FIRMWARE}/d` },
      ]),
      { time: 9, hasLabels: true },
    )
    const owner = { uid: 0, gid: 0, mtime: 9 }
    expect(files).toEqual([
      { path: 'usr/local/tmp', type: 'directory', mode: 0o777, ...owner },
      {
        path: 'usr/local/a',
        type: 'file',
        mode: 0o644,
        ...owner,
        data: one.data,
        xattrs: new Map([['security.selinux', label]]),
      },
      { path: 'usr/local/b', type: 'file', mode: 0o644, ...owner, data: one.data },
      { path: 'usr/local/c', type: 'symlink', mode: 0o777, ...owner, target: 'a' },
    ])
  })

  it.for([
    ['a fifo', entry('usr/x', { type: 'fifo' })],
    ['a character', entry('usr/x', { type: 'character' })],
    ['a hard link to usr/y, which is not there', entry('usr/x', { type: 'hardlink', target: 'usr/y' })],
  ] as const)('refuses %s', async ([what, wrong]) => {
    expect(await refusal(() => toSquashFiles(extension('e', [wrong]), { time: 0, hasLabels: true }))).toEqual([
      'EXTENSION',
      `the extension e holds ${what}: usr/x`,
    ])
  })
})
