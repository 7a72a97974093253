// Names of a release's images in a repository.
import { createHash } from 'node:crypto'
import type { Contract } from './contract.ts'
import { formatLock, type Lock } from './lock.ts'

/**
 * A part of a candidate: the installer image, the asset image or folder, or one of imager's other outputs (a UKI, an ISO,
 * a raw disk, bare boot files).
 */
export type Part = 'installer' | 'assets' | 'media'

/** The form of a medium: a bare UKI, a folder with kernel and initramfs, an ISO, a raw disk. */
export type MediumForm = 'uki' | 'dir' | 'iso' | 'raw'

/** The asset image of `v1.11.5` is `v1.11.5-assets`, in a layout and in a registry alike. */
export const ASSETS_SUFFIX = '-assets'

/** Hex digits of contract and lock that distinguish releases of one Talos version. */
const IMMUTABLE_TAG_DIGITS = 8

/** 64 hex digits that identify contract and lock: all that a person or a machine decided about an image. */
export function inputsDigest(lock: Lock, contract: Contract): string {
  return createHash('sha256').update(formatLock(lock)).update('\0').update(JSON.stringify(contract)).digest('hex')
}

/**
 * The package URL of a repository, without tag and digest: the resource of a verification summary
 * (https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md).
 */
export function resourceUri(repository: string): string {
  return `pkg:oci/${repository.slice(repository.lastIndexOf('/') + 1)}?repository_url=${repository}`
}

/** `v1.11.5-0a1b2c3d`, which never names other bytes than those of this lock and contract. */
function immutableTag(talos: string, lock: Lock, contract: Contract): string {
  return `${talos}-${inputsDigest(lock, contract).slice(0, IMMUTABLE_TAG_DIGITS)}`
}

/** The tags of one part: the one that people use, and its immutable tag. */
export type ReleaseTags = { readonly version: string; readonly immutableTag: string }

export function releaseTags(part: Part, lock: Lock & { talos: string }, contract: Contract): ReleaseTags {
  const suffix = part === 'assets' ? ASSETS_SUFFIX : ''
  return { version: lock.talos + suffix, immutableTag: immutableTag(lock.talos, lock, contract) + suffix }
}
