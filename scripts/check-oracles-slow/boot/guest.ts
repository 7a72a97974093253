// A UKI that boots: the distribution's systemd-stub, arm64 kernel and static busybox, and an init of ours that does and says what
// Talos' init does.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeCpio, type CpioFile } from '#build/formats/cpio.ts'
import { encodeExtensionsYaml } from '#build/formats/extensions-yaml.ts'
import { composePe } from '#build/formats/pe-sections.ts'
import { encodeSquashfs, type SquashFile } from '#build/formats/squashfs/writer.ts'
import { compressZstd } from '#build/formats/zstd.ts'

export type Guest = {
  /** For the `guest=` of the command line, which `init.sh` and `sbin-init.sh` know. */
  readonly name: string
  /** Changes the squashfs of an extension by its file; undefined for none. */
  readonly layer?: (file: string, image: Uint8Array) => Uint8Array | undefined
}

/** Packages of the distribution, for arm64, and where they are unpacked. */
export type Parts = {
  readonly stub: Uint8Array
  readonly kernel: Uint8Array
  readonly busybox: Uint8Array
  readonly modules: Readonly<Record<string, Uint8Array>>
}

const EXTENSIONS = ['bnx2-bnx2x', 'drbd', 'zfs', 'spin']
const MODULES = ['drivers/block/loop', 'fs/squashfs/squashfs', 'fs/overlayfs/overlay']
const COMMAND_LINE = 'talos.platform=metal console=ttyAMA0 console=tty0 printk.devkmsg=on'
/** busybox switch_root asks for an initramfs, and the kernel for a console. */
const OPTIONS = { compression: 'zstd', level: 3, modificationTime: 0 } as const

/** `root` is where the packages are unpacked. */
export async function readParts(root: string): Promise<Parts> {
  const [release = ''] = await readdir(join(root, 'usr/lib/modules'))
  const modules = await Promise.all(
    MODULES.map(async (path) => {
      const name = `${path.slice(path.lastIndexOf('/') + 1)}.ko.xz`
      return [name, await readFile(join(root, `usr/lib/modules/${release}/kernel/${path}.ko.xz`))] as const
    }),
  )
  return {
    stub: await readFile(join(root, 'usr/lib/systemd/boot/efi/linuxaa64.efi.stub')),
    kernel: await readFile(join(root, `boot/vmlinuz-${release}`)),
    busybox: await readFile(join(root, 'usr/bin/busybox')),
    modules: Object.fromEntries(modules),
  }
}

export async function makeUki(parts: Parts, { name, layer = (_file, image) => image }: Guest): Promise<Uint8Array> {
  const script = (file: string): Promise<Buffer> => readFile(new URL(file, import.meta.url))
  const rootfs = await squash([
    executable('bin/busybox', parts.busybox),
    executable('sbin/init', await script('sbin-init.sh')),
    ...['dev', 'proc', 'sys'].map(folder),
  ])
  const base = encodeCpio([
    ...['.', 'bin', 'modules'].map((path) => inArchive(path)),
    inArchive('bin/busybox', parts.busybox),
    inArchive('init', await script('init.sh')),
    ...Object.entries(parts.modules).map(([file, data]) => inArchive(`modules/${file}`, data)),
    inArchive('rootfs.sqsh', rootfs),
  ])
  const layers = await Promise.all(
    EXTENSIONS.map(async (extension, at) => {
      const file = `${at}.sqsh`
      const image = await squash([executable(`usr/local/${extension}`, Buffer.from(extension))])
      return { file, extension, data: layer(file, image) }
    }),
  )
  const yaml = encodeExtensionsYaml(
    layers.map(({ file, extension }) => ({
      image: file,
      metadata: {
        name: extension,
        version: '20251021',
        author: 'us',
        description: 'nothing',
        compatibility: { talos: { version: '>= v1.0.0' } },
      },
    })),
  )
  const own = layers.flatMap(({ file, data }) => (data === undefined ? [] : [inArchive(file, data)]))
  const extensions = encodeCpio([inArchive('.'), ...own, inArchive('extensions.yaml', yaml)])
  const initrd = Buffer.concat([await compressZstd(base, 3), await compressZstd(extensions, 3)])
  return composePe(parts.stub, [
    { name: '.osrel', data: Buffer.from('NAME="Talos"\nID=talos\nVERSION_ID=v1.11.5\n') },
    { name: '.cmdline', data: Buffer.from(`${COMMAND_LINE} guest=${name}`) },
    { name: '.linux', data: parts.kernel },
    { name: '.initrd', data: initrd },
  ])
}

function squash(files: readonly SquashFile[]): Promise<Uint8Array> {
  return encodeSquashfs(files, OPTIONS)
}

const OWNED = { uid: 0, gid: 0, mtime: 0 } as const

function executable(path: string, content: Uint8Array): SquashFile {
  return { path, type: 'file', mode: 0o755, data: content, ...OWNED }
}

function folder(path: string): SquashFile {
  return { path, type: 'directory', mode: 0o755, ...OWNED }
}

function inArchive(path: string, data?: Uint8Array): CpioFile {
  return { path, mode: data === undefined ? 0o40755 : 0o100755, ...OWNED, ...(data !== undefined && { data }) }
}
