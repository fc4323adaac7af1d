{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{/* Begins with a letter and has no dot, whatever the release is called: Services must. */}}
{{- define "evalx.name" -}}
{{- $name := .Release.Name | replace "." "-" }}
{{- if regexMatch "^[0-9]" $name }}{{ $name = printf "evalx-%s" $name }}{{ else if not (contains "evalx" $name) }}{{ $name = printf "%s-evalx" $name }}{{ end }}
{{- regexReplaceAll "-+$" ($name | trunc 40) "" }}
{{- end }}

{{/* dict "root" $ "component" NAME */}}
{{- define "evalx.selector" -}}
app.kubernetes.io/name: evalx
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "evalx.labels" -}}
{{ include "evalx.selector" . }}
app.kubernetes.io/part-of: evalx
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | quote }}
{{- end }}

{{/* dict "image" IMAGE "root" $ */}}
{{- define "evalx.image" -}}
{{- if .image.digest }}{{ printf "%s@%s" .image.repository .image.digest }}{{ else }}{{ printf "%s:%s" .image.repository (.image.tag | default .root.Chart.AppVersion) }}{{ end }}
{{- end }}

{{/* Where a pod may go: dict "at" VALUES "root" $ "component" NAME */}}
{{- define "evalx.place" -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with .at.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .at.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .at.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "evalx.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "evalx.selector" . | nindent 8 }}
{{- end }}

{{/* The variables that say where Redis is. */}}
{{- define "evalx.store" -}}
- name: REDIS_PASSWORD
  valueFrom:
    secretKeyRef: {name: {{ .Values.redisSecret.name | quote }}, key: {{ .Values.redisSecret.key | quote }}}
{{- if .Values.redis.enabled }}
- {name: EVALX_STORE_URL, value: "redis://evalx:$(REDIS_PASSWORD)@{{ include "evalx.name" . }}-redis:6379/0"}
{{- else }}
- {name: EVALX_STORE_URL, value: "redis://{{ .Values.externalRedis.user }}:$(REDIS_PASSWORD)@{{ required "externalRedis.host is needed when redis.enabled is false" .Values.externalRedis.host }}:{{ .Values.externalRedis.port | int64 }}/{{ .Values.externalRedis.database | int64 }}"}
{{- end }}
{{- end }}

{{- define "evalx.behavior" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  selectPolicy: Max
  policies:
    - {type: Percent, value: 200, periodSeconds: 15}
    - {type: Pods, value: 10, periodSeconds: 15}
scaleDown:
  stabilizationWindowSeconds: {{ .Values.autoscaling.scaleDownStabilizationSeconds }}
  selectPolicy: Max
  policies:
    - {type: Percent, value: 50, periodSeconds: 60}
{{- end }}

{{/* {queue: default, namespace: evalx} as PromQL has it between braces. */}}
{{- define "evalx.matchers" -}}
{{- range $i, $name := keys . | sortAlpha }}{{ if $i }},{{ end }}{{ $name }}="{{ get $ $name }}"{{ end }}
{{- end }}

{{/* A quantity, or Redis' amount of memory, in thousandths: "1" and "1000m" of cores are 1000. */}}
{{- define "evalx.milli" -}}
{{- if not (kindIs "string" .) }}{{ mulf . 1000 | int64 }}{{ else }}
{{- $unit := regexReplaceAll "^[0-9.]+" . "" }}
{{- $each := get (dict "m" 1.0 "" 1e3 "k" 1e6 "M" 1e9 "G" 1e12 "T" 1e15 "Ki" 1024e3 "Mi" 1048576e3 "Gi" 1073741824e3 "Ti" 1099511627776e3 "mb" 1048576e3 "gb" 1073741824e3) $unit }}
{{- mulf (regexFind "^[0-9.]+" . | float64) $each | int64 }}{{ end }}
{{- end }}

{{/* A duration of evalx.yaml ("6m", "1h30m" is none, "250ms") in seconds, rounded up. */}}
{{- define "evalx.seconds" -}}
{{- $number := regexFind "^[0-9]+" . | int64 }}{{ $unit := regexReplaceAll "^[0-9.]+" . "" }}
{{- if eq $unit "ms" }}{{ div (add $number 999) 1000 }}{{ else }}{{ mul $number (get (dict "s" 1 "m" 60 "h" 3600 "d" 86400) $unit | default 1) }}{{ end }}
{{- end }}

{{/* What can be said wrongly by two values together is refused here; values.schema.json knows single ones. */}}
{{- define "evalx.check" -}}
{{- $wall := div (add (index .Values.config "limits.max_wall_time_ms" | default 60000 | int64) 999) 1000 }}
{{- $longest := add (include "evalx.seconds" (index .Values.config "submission.max_time" | default "1h") | int64) $wall 20 }}
{{- if ge $wall 3580 }}
{{- fail "config.limits.max_wall_time_ms must be below 3580000: worker.shutdownGraceSeconds, which covers a run and 20 s for its checker, is at most 3600" }}
{{- end }}
{{- if ge $longest 3600 }}{{/* the most that evalx takes for shutdown_grace */}}
{{- fail (printf "config.submission.max_time (%s) may be at most %ds here: with limits.max_wall_time_ms and 20 s it must be below worker.shutdownGraceSeconds, which is at most 3600" (index .Values.config "submission.max_time") (sub 3579 $wall)) }}
{{- end }}
{{- if le (.Values.worker.terminationGracePeriodSeconds | int64) (add .Values.worker.shutdownGraceSeconds 5) }}
{{- fail (printf "worker.terminationGracePeriodSeconds must be above %d (worker.shutdownGraceSeconds + 5): else workers are killed before they hand back what they run" (add .Values.worker.shutdownGraceSeconds 5)) }}
{{- end }}
{{- if le (.Values.worker.shutdownGraceSeconds | int64) $longest }}
{{- fail (printf "worker.shutdownGraceSeconds must be above %d: the longest submission that config allows (submission.max_time + limits.max_wall_time_ms + 20 s)" $longest) }}
{{- end }}
{{- if lt (.Values.api.terminationGracePeriodSeconds | int64) (add .Values.api.shutdownDelaySeconds 15) }}
{{- fail (printf "api.terminationGracePeriodSeconds must be at least %d (api.shutdownDelaySeconds + 15)" (add .Values.api.shutdownDelaySeconds 15)) }}
{{- end }}
{{- if gt (.Values.autoscaling.minReplicas | int64) (.Values.autoscaling.maxReplicas | int64) }}
{{- fail "autoscaling.minReplicas must not be above autoscaling.maxReplicas" }}
{{- end }}
{{- if .Values.redis.enabled }}{{ with .Values.redis.resources.limits.memory }}
{{- if ge (include "evalx.milli" $.Values.redis.maxMemory | int64) (include "evalx.milli" . | int64) }}
{{- fail (printf "redis.maxMemory (%s) must be below redis.resources.limits.memory (%s): else Redis is killed instead of being full" $.Values.redis.maxMemory (toString .)) }}
{{- end }}
{{- end }}{{ end }}
{{- if le (include "evalx.seconds" .Values.podMonitors.interval | int64) (include "evalx.seconds" .Values.podMonitors.scrapeTimeout | int64) }}
{{- fail (printf "podMonitors.scrapeTimeout (%s) must be below podMonitors.interval (%s)" .Values.podMonitors.scrapeTimeout .Values.podMonitors.interval) }}
{{- end }}
{{- if and (eq .Values.worker.confinement "privileged") .Values.worker.userNamespace }}
{{- fail "worker.userNamespace does not go together with worker.confinement: privileged" }}
{{- end }}
{{- if and .Values.worker.userNamespace (not .Values.worker.runtimeClassName) }}
{{- fail "worker.userNamespace needs worker.runtimeClassName, of a runtime that hands control groups over (cgroup_writable)" }}
{{- end }}
{{- end }}

{{- define "evalx.egressToRedis" }}
{{- if .Values.redis.enabled }}
- to:
    - podSelector:
        matchLabels: {{ include "evalx.selector" (dict "root" . "component" "redis") | nindent 10 }}
  ports: [{protocol: TCP, port: 6379}]
{{- else }}
- to:
    - ipBlock: {cidr: {{ required "externalRedis.cidr is needed for the NetworkPolicies, or networkPolicies.enabled: false" .Values.externalRedis.cidr | quote }}}
  ports: [{protocol: TCP, port: {{ .Values.externalRedis.port }}}]
{{- end }}
{{- end }}
