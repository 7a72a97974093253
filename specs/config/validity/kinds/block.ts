// Volumes: siderolabs/talos pkg/machinery/config/types/block.
import { parseBytes } from '#harness/machine-config/go/formats.ts'
import type { Check, Checks, Subject } from '../check.ts'
import { checkExpression } from '../expressions.ts'
import type { View } from '../view.ts'

const SECOND = 1e9
/** constants.PartitionLabelLength without the prefix of two letters. */
const MAX_NAME = 34
const ENCRYPTION_KEYS = ['static', 'nodeID', 'kms', 'tpm']
const PROMOTABLE = ['ETCD', 'CRI', 'KUBELET', 'LOG']

export const volumeName =
  (most: number, pattern = /^[a-zA-Z0-9-]*$/): Check =>
  ({ doc, fail }) => {
    const name = doc.get('name')
    if (!name.isText) fail(name, 'is required')
    else if (Buffer.byteLength(name.text) > most) fail(name, `is longer than ${most} characters`, { got: name.text })
    else if (!pattern.test(name.text))
      fail(name, 'has characters other than letters, digits and hyphens', { got: name.text })
  }

/** encryption.go. */
function checkEncryption({ doc, minor, fail }: Subject): void {
  const encryption = doc.get('encryption')
  const provider = encryption.get('provider')
  const keys = encryption.get('keys')
  if (hasNoEncryption(encryption)) return
  if (provider.word !== 'luks2')
    fail(provider, 'is no encryption that Talos has', { expected: 'luks2', got: provider.text || 'none' })
  if (keys.size === 0) fail(keys, 'are required')
  const slots = new Set<number>()
  for (const key of keys.items) {
    const slot = key.get('slot')
    if (slots.has(slot.number)) fail(slot.isSet ? slot : key, `names the slot ${slot.number} twice`)
    slots.add(slot.number)
    if (!ENCRYPTION_KEYS.some((kind) => key.get(kind).isSet))
      fail(key, 'names no kind of key', { expected: `one of ${ENCRYPTION_KEYS.join(', ')}` })
    if (minor >= 12)
      for (const pcr of key.get('tpm', 'options', 'pcrs').items)
        if (pcr.number < 0 || pcr.number > 23)
          fail(pcr, 'is no register of a TPM', { expected: '0 to 23', got: pcr.text })
  }
}

function hasNoEncryption(encryption: View): boolean {
  return ['', 'none'].includes(encryption.get('provider').word) && encryption.get('keys').size === 0
}

/** volume_config.go, ProvisioningSpec. */
function checkProvisioning(subject: Subject, isRequired: boolean, hasSize: boolean): void {
  const { doc, minor, fail } = subject
  const provisioning = doc.get('provisioning')
  const match = provisioning.get('diskSelector', 'match')
  const [least, most, grow] = [provisioning.get('minSize'), provisioning.get('maxSize'), provisioning.get('grow')]
  if (match.isText) checkExpression(subject, match, 'disk')
  else if (isRequired) fail(match, 'is required')
  if (!hasSize) {
    const size = [least, most, grow].find((view) => view.isSet && (view.isText || view === grow))
    if (size !== undefined) fail(size, 'is not for a volume on a whole disk')
    return
  }
  const isRelative = most.text.includes('%') && most.isText
  const isNegative = most.text.startsWith('-')
  if (least.isText && most.isText && !(isRelative && minor >= 12) && !(isNegative && minor >= 13)) {
    if (bytesOf(least) > bytesOf(most)) fail(least, 'is more than maxSize', { got: `${least.text} and ${most.text}` })
  } else if (isRequired && !least.isText && !most.isText) fail(provisioning, 'needs minSize or maxSize')
  if (minor >= 13 && least.text.startsWith('-')) fail(least, 'is negative', { got: least.text })
}

export function bytesOf(view: View): number {
  return parseBytes(view.text.replace(/^-/, '')) ?? 0
}

/** user_volume_config.go, FilesystemSpec. */
function checkFilesystem({ doc, minor, fail }: Subject): void {
  const filesystem = doc.get('filesystem')
  const type = filesystem.get('type')
  const types = ['none', 'xfs', 'ext4', ...(minor >= 14 ? ['btrfs'] : [])]
  if (type.isSet && !types.includes(type.word))
    fail(type, 'is no file system for such a volume', { expected: types.slice(1).join(', '), got: type.text })
  const isXfs = !type.isSet || type.word === 'xfs' || type.word === 'none'
  const quota = filesystem.get('projectQuotaSupport')
  if (quota.isTrue && !isXfs) fail(quota, 'is for xfs only')
  const options = filesystem.get('xfs')
  if (minor >= 14 && options.isSet && !isXfs) fail(options, 'is for xfs only')
}

/** trim.go, scrub.go. */
function checkUpkeep({ doc, fail }: Subject): void {
  const trim = doc.get('trim', 'interval')
  if (trim.duration < 0) fail(trim, 'is negative', { got: trim.text })
  checkScrub(doc.get('scrub', 'interval'), fail)
}

function checkScrub(interval: View, fail: Subject['fail']): void {
  const { duration } = interval
  if (duration !== 0 && duration < 10 * SECOND)
    fail(interval, 'is too short', { expected: 'at least 10s', got: interval.text })
}

const checkUserVolume: Check = (subject) => {
  const { doc, minor, fail } = subject
  const type = doc.get('volumeType')
  const kind = minor >= 12 && type.isSet ? type.word : 'partition'
  if (kind === 'directory') {
    const refused = [
      doc.get('provisioning'),
      doc.get('encryption'),
      doc.get('filesystem'),
      ...(minor === 13 ? [doc.get('mount')] : []),
    ]
    for (const part of refused) if (!isZero(part)) fail(part, 'is not for a volume of type directory')
    const access = doc.get('mount', 'disableAccessTime')
    if (minor >= 14 && access.isSet) fail(access, 'is not for a volume of type directory')
  } else if (kind === 'disk' || kind === 'partition') {
    checkProvisioning(subject, true, kind === 'partition')
    checkFilesystem(subject)
    checkEncryption(subject)
  } else fail(type, 'is no type of a user volume', { expected: 'directory, disk or partition', got: type.text })
  checkUpkeep(subject)
}

/** Fields that are pointers in Go: set to false or 0 they still count. */
const POINTERS = ['grow', 'projectQuotaSupport', 'disableAccessTime', 'secure', 'xfs', 'readOnly']

/** The IsZero of specifications; that of encryption looks at the provider and the keys alone. */
function isZero(part: View): boolean {
  if (part.key.endsWith('encryption')) return hasNoEncryption(part)
  return part.entries.every(([key, view]) =>
    key === 'type' ? ['', 'none'].includes(view.word) : !POINTERS.includes(key) && view.isZero(POINTERS),
  )
}

const checkVolume: Check = (subject) => {
  const { doc, minor, fail } = subject
  const name = doc.get('name')
  const known = ['STATE', 'EPHEMERAL', 'IMAGECACHE', ...(minor >= 14 ? PROMOTABLE : [])]
  if (!known.includes(name.text)) {
    fail(name, 'is no volume of Talos', { expected: known.join(', '), got: name.text })
    return
  }
  const [provisioning, mount, filesystem] = [doc.get('provisioning'), doc.get('mount'), doc.get('filesystem')]
  if (name.text === 'STATE') {
    if (!isZero(provisioning)) fail(provisioning, 'is not for STATE')
    for (const key of doc.get('encryption', 'keys').items) {
      const lock = key.get('lockToState')
      if (lock.isTrue) fail(lock, 'is not for STATE')
    }
  }
  if (minor >= 14) {
    if ((name.text === 'STATE' || name.text === 'IMAGECACHE') && !isZero(mount)) fail(mount, `is not for ${name.text}`)
    if (name.text === 'IMAGECACHE' && !isZero(filesystem)) fail(filesystem, 'is not for IMAGECACHE')
    if (PROMOTABLE.includes(name.text) && !isZero(mount) && isZero(provisioning))
      fail(mount, `is for ${name.text} only where it is provisioned onto a partition of its own`)
  }
  checkProvisioning(subject, false, true)
  checkEncryption(subject)
  checkUpkeep(subject)
}

const withRawVolume: Check = (subject) => {
  checkProvisioning(subject, true, true)
  checkEncryption(subject)
}

export const BLOCK_CHECKS: Checks = {
  // existing_volume_config.go
  ExistingVolumeConfig: (subject) => {
    volumeName(Infinity)(subject)
    const match = subject.doc.get('discovery', 'volumeSelector', 'match')
    if (match.isText) checkExpression(subject, match, 'volume')
    else subject.fail(match, 'is required')
    checkUpkeep(subject)
  },
  // external_volume_config.go
  ExternalVolumeConfig: (subject) => {
    volumeName(MAX_NAME)(subject)
    const { doc, fail } = subject
    const type = doc.get('filesystemType')
    const virtiofs = doc.get('mount', 'virtiofs')
    if (type.word !== 'virtiofs')
      fail(type, 'is no file system for such a volume', { expected: 'virtiofs', got: type.text || 'none' })
    else if (!virtiofs.get('tag').isText) fail(virtiofs.get('tag'), 'is required')
  },
  // filesystem_trim_config.go
  FilesystemTrimConfig: ({ doc, fail }) => {
    const interval = doc.get('interval')
    if (interval.duration < 0) fail(interval, 'is negative', { got: interval.text })
  },
  // fs_scrub.go
  FilesystemScrubConfig: ({ doc, fail }) => checkScrub(doc.get('interval'), fail),
  // raw_volume_config.go
  RawVolumeConfig: (subject) => {
    volumeName(MAX_NAME)(subject)
    withRawVolume(subject)
  },
  // swap_volume_config.go
  SwapVolumeConfig: (subject) => {
    volumeName(MAX_NAME)(subject)
    withRawVolume(subject)
  },
  // user_volume_config.go
  UserVolumeConfig: (subject) => {
    volumeName(MAX_NAME)(subject)
    checkUserVolume(subject)
  },
  // volume_config.go
  VolumeConfig: checkVolume,
  // zswap_config.go
  ZswapConfig: ({ doc, fail }) => {
    const percent = doc.get('maxPoolPercent')
    if (percent.isSet && (percent.number < 0 || percent.number > 100))
      fail(percent, 'is no share', { expected: '0 to 100', got: percent.text })
  },
}
