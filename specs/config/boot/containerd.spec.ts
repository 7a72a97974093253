// Parts of containerd's configuration: siderolabs/talos v1.11.6 to v1.14.0-rc.1
// internal/app/machined/pkg/controllers/files/cri_config_parts.go and internal/pkg/toml/merge.go; the keys of
// containerd v2.1.5, v2.2.7, v2.3.3 internal/cri/config (cozystack/cozystack#723, cozystack/ansible-cozystack#48).
import { must, should } from '../../support/requirement.ts'
import { test } from '../../support/test.ts'
import { judgePartKeys, judgeParts } from './containerd.ts'

test(
  ...must(
    'CFG-037',
    "every part of containerd's configuration is TOML: else containerd never starts, nor the kubelet, the boot waits 70 minutes, then the node reboots",
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'correct the TOML that is given as /etc/cri/conf.d/20-customization.part (CRICustomizationConfig)',
    },
  ),
  async ({ findings }) => {
    findings(judgeParts).toEqual([])
  },
)

test(
  ...should(
    'CFG-038',
    "parts of containerd's configuration use keys that the containerd of this Talos reads: others have no effect",
    {
      targets: ['config'],
      needs: ['CFG-037'],
      fix: 'use plugins."io.containerd.cri.v1.runtime" and plugins."io.containerd.cri.v1.images": Talos has containerd 2',
    },
  ),
  async ({ findings }) => {
    findings(judgePartKeys).toEqual([])
  },
)
