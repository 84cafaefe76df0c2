{{/* This chart uses the manifests of Kustomize, in base/ and overlays/. The templates here read them and
     apply values.yaml to them. */}}

{{/* The objects in the manifests at .paths, as {items: [...]}, in the release's namespace. */}}
{{- define "hookline.objects" -}}
{{- $namespace := .root.Release.Namespace -}}
{{- $items := list -}}
{{- range $path := .paths -}}
{{- range $text := regexSplit "(?m)^---$" ($.root.Files.Get $path) -1 -}}
{{- $object := fromYaml $text -}}
{{- if $object.metadata.namespace -}}{{- $_ := set $object.metadata "namespace" $namespace -}}{{- end -}}
{{- range $object.subjects -}}{{- $_ := set . "namespace" $namespace -}}{{- end -}}
{{- $items = append $items $object -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "items" $items) -}}
{{- end -}}

{{/* The same objects as documents. */}}
{{- define "hookline.documents" -}}
{{- range (include "hookline.objects" . | fromYaml).items }}
---
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "hookline.image" -}}
{{ .root.Values.image.registry }}/{{ .name }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end -}}

{{/* Whether the cluster has matchConditions: "true" or "". */}}
{{- define "hookline.matchConditions" -}}
{{- if semverCompare ">=1.28.0-0" .Capabilities.KubeVersion.Version -}}true{{- end -}}
{{- end -}}
