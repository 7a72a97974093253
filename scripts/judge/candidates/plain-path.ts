// References as people type them first: a path without its kind, or `docker://` before an image in a registry.
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { mediumFormOf } from '#specs/contract/asset-tree.ts'
import { UsageError } from '../usage-error.ts'

const BLOCK = 512
/** docker save writes its manifest behind the layers; nobody has more of them. */
const MAX_MEMBERS = 2000

/** The text that `parseReference` takes; what is neither a path on disk nor prefixed stays as it is. UsageError. */
export function withKind(text: string): string {
  if (text.startsWith('docker://')) return text.slice('docker://'.length)
  const isPath = /^(?:\.{0,2}\/|~)/.test(text) || text === '.' || text === '..' || isFileName(text)
  if (!isPath && (/^[a-z-]+:/.test(text) || !existsSync(text) || isImageName(text))) return text
  if (!existsSync(text)) throw new UsageError(`${text}: no such file or folder`)
  const kind = statSync(text).isDirectory() ? kindOfFolder(text) : (kindOfMedium(text) ?? kindOfArchive(text))
  if (kind === undefined)
    throw new UsageError(
      `${text}: expected an image layout (oci-layout), an archive of docker save or imager (manifest.json) or an asset tree (boot/vmlinuz), got none of them`,
    )
  return `${kind}:${text}`
}

/** `installer-arm64.tar` is a file, also where it is not there: an image of that name on Docker Hub is not meant. */
function isFileName(text: string): boolean {
  return !/^[a-z-]+:/.test(text) && /\.(?:tar|tgz|gz|xz|zst|efi|raw|iso|yaml|json)$/.test(text) && !isImageName(text)
}

/** `ghcr.io/you/image` is an image, whatever folders there are; `out/spin-only` is none. */
function isImageName(text: string): boolean {
  const [host = '', ...path] = text.split('/')
  return path.length > 0 && /[.:]|^localhost$/.test(host)
}

function kindOfFolder(path: string): 'oci' | 'dir' | undefined {
  if (existsSync(join(path, 'oci-layout'))) return 'oci'
  return existsSync(join(path, 'boot/vmlinuz')) || existsSync(join(path, 'boot/initramfs.xz')) ? 'dir' : undefined
}

function kindOfMedium(path: string): 'raw' | 'iso' | 'uki' | undefined {
  return path.endsWith('.efi') ? 'uki' : mediumFormOf(path)
}

/** By the first member of a tar that only one of the kinds has at its root. */
function kindOfArchive(path: string): 'oci-archive' | 'docker-archive' | undefined {
  const file = openSync(path, 'r')
  try {
    const header = Buffer.alloc(BLOCK)
    let found: 'docker-archive' | undefined
    for (let at = 0, members = 0; members < MAX_MEMBERS; members++) {
      if (readSync(file, header, 0, BLOCK, at) < BLOCK) break
      const name = header.subarray(0, 100).toString('latin1').replace(/\0.*$/s, '').replace(/^\.\//, '')
      const size = Number.parseInt(header.subarray(124, 136).toString('latin1'), 8)
      if (name === '' || Number.isNaN(size)) break
      if (name === 'oci-layout') return 'oci-archive'
      if (name === 'manifest.json') found = 'docker-archive'
      at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
    }
    return found
  } finally {
    closeSync(file)
  }
}
