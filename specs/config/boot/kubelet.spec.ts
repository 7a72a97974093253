// Fields that keep the kubelet and the control plane from starting: siderolabs/talos v1.11.6 to v1.14.0-rc.1
// internal/app/machined/pkg/controllers/k8s/{kubelet_spec,control_plane_static_pod,control_plane_final}.go, and the
// fields of k8s.io/kubelet config/v1beta1 that each minor is built with; k8s.io/kubernetes cmd/kubelet/app/options of
// v1.34.1, v1.35.4, v1.36.3, v1.37.0.
import { must } from '../../support/requirement.ts'
import { test } from '../../support/test.ts'
import { judgeKubeletFlags } from './kubelet-flags.ts'
import { judgeDeniedArguments, judgeKubeletConfig } from './kubelet.ts'

test(
  ...must(
    'CFG-041',
    'the configuration of the kubelet has only fields that it knows: else the kubelet never starts, the boot waits 70 minutes, then the node reboots',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'spell the field as KubeletConfiguration v1beta1 of this Kubernetes does, and give it a value of its type',
    },
  ),
  async ({ findings }) => {
    findings(judgeKubeletConfig).toEqual([])
  },
)

test(
  ...must(
    'CFG-042',
    'no argument is given to kubelet, kube-apiserver, kube-controller-manager or kube-scheduler that Talos keeps for itself: else that program never starts',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'take the argument out: Talos sets it, and denies another',
    },
  ),
  async ({ findings }) => {
    findings(judgeDeniedArguments).toEqual([])
  },
)

test(
  ...must(
    'CFG-047',
    'the kubelet knows every argument that is added: else it exits at once, again and again, the boot waits 70 minutes, then the node reboots',
    {
      targets: ['config'],
      needs: ['CFG-064'],
      fix: 'spell the argument as this kubelet does (`kubelet --help`), or set the field of its configuration instead',
    },
  ),
  async ({ findings }) => {
    findings(judgeKubeletFlags).toEqual([])
  },
)
