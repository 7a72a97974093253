// The start of a service: its root folder, and its program as runc looks it up in there, mounts counted.
// siderolabs/talos internal/app/machined/pkg/system/services/extension.go; runc libcontainer/standard_init_linux.go
import { isElf, isStatic, machineName, readElf } from '#harness/formats/elf/elf.ts'
import { FileTree, type FileEntry } from '#harness/fs/file-tree.ts'
import { HarnessError } from '#harness/errors.ts'
import type { ServiceSpec } from '#harness/talos/extension/service-spec.ts'
import type { Layer } from './layers.ts'

const ROOTS = 'usr/local/lib/containers'
/** Paths that containerd mounts into every container: nothing of the image is seen there. */
const COVERED = ['proc', 'dev', 'sys', 'run']
/** Folders of the machine that are empty, or somebody else's, when it starts. */
const EMPTY_ON_HOST = ['var', 'run', 'dev', 'sys', 'proc', 'system', 'tmp']
/** The defaults that containerd gives a container. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** Folders of the machine that are writable, wholly or in part. */
const WRITABLE_ON_HOST = [...EMPTY_ON_HOST, 'etc', 'opt', 'usr/libexec/kubernetes']
/** Those of the kernel of Talos for arm64, built in and as modules (siderolabs/pkgs kernel/build/config-arm64), and zfs. */
const FILE_SYSTEMS =
  'autofs binfmt_misc bpf btrfs ceph cgroup cgroup2 cifs configfs cpuset debugfs devpts devtmpfs efivarfs ext2 ext3 ext4 ' +
  'fuse fuseblk fusectl hugetlbfs iso9660 mqueue msdos nfs nfs4 nfsd overlay proc pstore ramfs rpc_pipefs securityfs ' +
  'selinuxfs smb3 squashfs sysfs tmpfs tracefs udf vfat virtiofs xfs zfs'
const MAX_LINKS = 40
const EXECUTABLE = 0o111
/** The types of ELF files that Linux executes (fs/binfmt_elf.c). */
const RUNNABLE: readonly string[] = ['executable', 'shared']
/** BINPRM_BUF_SIZE of Linux: a `#!` line ends there. */
const MAX_LINE = 256

/** The root filesystem of a machine: its own, and the layers over it, the last on top. */
export function hostTree(base: FileTree, layers: readonly Layer[]): FileTree {
  return new FileTree(
    [base, ...layers.map(({ tree }) => tree)].flatMap((tree) => [...tree.entries()]),
    base.where,
  )
}

/** The reason that a service never starts; undefined where nothing is in its way. */
export async function whyNotStarted(
  { name, container }: ServiceSpec,
  host: FileTree,
  machine: string,
): Promise<string | undefined> {
  const root = host.get(`${ROOTS}/${name}`)
  if (root?.type !== 'directory') return `no folder /${ROOTS}/${name}, its root`
  const lookUp = makeLookUp(host, root.path, container.mounts)
  const path = container.environment.findLast((line) => line.startsWith('PATH='))?.slice('PATH='.length) ?? DEFAULT_PATH
  const { entrypoint } = container
  const refused = container.mounts.map((mount) => whyNotMounted(mount, host)).find((why) => why !== undefined)
  if (refused !== undefined) return refused
  // runc starts in `/`; a name without a slash is also looked for in PATH.
  const places = [
    `/${entrypoint}`,
    ...(entrypoint.includes('/') ? [] : path.split(':').map((at) => `${at}/${entrypoint}`)),
  ]
  const found = places.map(lookUp).find((entry) => entry !== undefined)
  return found === undefined
    ? `its entrypoint ${entrypoint} is not in its root`
    : whyNotRun(entrypoint, found, { lookUp, machine }, false)
}

/** Talos makes a source that is missing, where it can write; runc takes a relative one from a folder of containerd's. */
function whyNotMounted(
  { source, type, options }: ServiceSpec['container']['mounts'][number],
  host: FileTree,
): string | undefined {
  if (type !== 'bind' && !options.includes('bind') && !options.includes('rbind'))
    return FILE_SYSTEMS.split(' ').includes(type)
      ? undefined
      : `Linux of Talos knows no file system ${type || 'without a name'} to mount`
  if (!source.startsWith('/')) return `the source ${source} of a mount is no absolute path`
  const path = clean(source)
  if (WRITABLE_ON_HOST.some((at) => path === at || path.startsWith(`${at}/`))) return undefined
  return path === '' || host.resolve(path) !== undefined
    ? undefined
    : `the source ${source} of a mount is not there, and Talos cannot make it on a root that is read-only`
}

type LookUp = (path: string) => FileEntry | undefined

async function whyNotRun(
  name: string,
  entry: FileEntry,
  { lookUp, machine }: { readonly lookUp: LookUp; readonly machine: string },
  isInterpreter: boolean,
): Promise<string | undefined> {
  const { type, mode, data } = entry
  if (type !== 'file' || data === undefined) return `${name} is a ${type}`
  if ((mode & EXECUTABLE) === 0) return `${name} cannot be executed, its mode is 0${mode.toString(8)}`
  const head = Buffer.from(await data.read(0, Math.min(MAX_LINE, data.size)))
  if (isElf(head)) {
    try {
      const elf = await readElf(data)
      if (machineName(elf.machine) !== machine) return `${name} is a program for ${machineName(elf.machine)}`
      if (elf.class !== 64 || elf.endian !== 'little' || !RUNNABLE.includes(elf.type))
        return `${name} is no program for ${machine}: ${elf.class} bits, ${elf.endian}-endian, ${elf.type}`
      if (!elf.hasEntry) return `${name} has no code at its entry point: it dies as soon as it is started`
      if (!isStatic(elf) && elf.interpreter !== undefined && lookUp(elf.interpreter) === undefined)
        return `${name} needs ${elf.interpreter}, which is not in its root`
      return undefined
    } catch (error) {
      if (error instanceof HarnessError) return `${name} is no program: ${error.message}`
      throw error
    }
  }
  const interpreter = /^#![ \t]*([^ \t\n]+)/.exec(head.toString('latin1'))?.[1]
  if (interpreter === undefined || isInterpreter) return `${name} is neither a program nor a script`
  const found = lookUp(interpreter)
  return found === undefined
    ? `${name} is a script of ${interpreter}, which is not in its root`
    : whyNotRun(interpreter, found, { lookUp, machine }, true)
}

type Mount = { readonly at: string; readonly source: string | undefined }

/** Finds what a path leads to inside the container, links followed from its own root, through its mounts. */
function makeLookUp(host: FileTree, root: string, mounts: ServiceSpec['container']['mounts']): LookUp {
  const all: readonly Mount[] = [
    ...COVERED.map((at) => ({ at, source: undefined })),
    ...mounts.map(({ destination, source, type, options }) => ({
      at: clean(destination),
      source: type === 'bind' || options.includes('bind') || options.includes('rbind') ? clean(source) : undefined,
    })),
  ]
  const entryAt = (path: string): FileEntry | undefined => {
    const mount = all
      .filter(({ at }) => at === '' || path === at || path.startsWith(`${at}/`))
      .toSorted((a, b) => a.at.length - b.at.length)
      .at(-1)
    if (mount === undefined) return host.get(`${root}/${path}`)
    if (mount.source === undefined || EMPTY_ON_HOST.includes(mount.source.split('/')[0] ?? '')) return undefined
    const source = host.resolve(mount.source)
    const below = path.slice(mount.at.length).replace(/^(?=[^/])/, '/')
    return source === undefined ? undefined : host.get(source.path + below)
  }
  return (path) => {
    let pending = clean(path).split('/')
    let at: string[] = []
    let found: FileEntry | undefined
    for (let links = 0; pending.length > 0;) {
      const [part = '', ...rest] = pending
      pending = rest
      if (part === '..') at = at.slice(0, -1)
      if (part === '..' || part === '.' || part === '') continue
      found = entryAt([...at, part].join('/'))
      if (found?.type !== 'symlink') at = [...at, part]
      else {
        if (++links > MAX_LINKS) return undefined
        const { target = '' } = found
        if (target.startsWith('/')) at = []
        pending = [...target.split('/'), ...rest]
      }
    }
    return found
  }
}

function clean(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')
}
