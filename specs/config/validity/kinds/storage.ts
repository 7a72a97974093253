// LVM and RAID, since 1.14: siderolabs/talos pkg/machinery/config/types/storage.
import type { Checks, Subject } from '../check.ts'
import { checkExpression } from '../expressions.ts'
import { bytesOf, volumeName } from './block.ts'

const NAME = /^[a-zA-Z0-9_-]*$/

function checkSelector(subject: Subject): void {
  const match = subject.doc.get('provisioning', 'volumeSelector', 'match')
  if (match.isText) checkExpression(subject, match, 'member')
  else subject.fail(match, 'is required')
}

export const STORAGE_CHECKS: Checks = {
  // lvm_logical_volume_config.go
  LVMLogicalVolumeConfig: (subject) => {
    volumeName(63, NAME)(subject)
    const { doc, fail } = subject
    const type = doc.get('type').word
    const [mirrors, stripes] = [doc.get('mirrors'), doc.get('stripes')]
    if (mirrors.isSet) {
      if (type !== 'raid1' && type !== 'raid10') fail(mirrors, 'is for raid1 and raid10 only')
      else if (mirrors.number < 1) fail(mirrors, 'is too small', { expected: 'at least 1', got: mirrors.text })
    }
    if (stripes.isSet) {
      if (type !== 'raid0' && type !== 'raid10') fail(stripes, 'is for raid0 and raid10 only')
      else if (stripes.number < 2) fail(stripes, 'is too small', { expected: 'at least 2', got: stripes.text })
    }
    const provisioning = doc.get('provisioning')
    const [least, most] = [provisioning.get('minSize'), provisioning.get('maxSize')]
    if (!provisioning.get('volumeGroup').isText) fail(provisioning.get('volumeGroup'), 'is required')
    if (!most.isText) fail(most, 'is required')
    if (most.text.startsWith('-')) fail(most, 'is negative', { got: most.text })
    if (least.isText && !most.text.includes('%') && bytesOf(least) > bytesOf(most))
      fail(least, 'is more than maxSize', { got: `${least.text} and ${most.text}` })
  },
  // lvm_volume_group_config.go
  LVMVolumeGroupConfig: (subject) => {
    volumeName(63, NAME)(subject)
    checkSelector(subject)
  },
  // raid_array_config.go
  RAIDArrayConfig: (subject) => {
    volumeName(32, NAME)(subject)
    checkSelector(subject)
  },
}
