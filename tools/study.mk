# study.mk - the study as a makefile.
#
#   make -f tools/study.mk LIST=top-million.csv OUT=april RESOLVER=192.0.2.53
#
# Every step keeps its records in OUT; a step that is done is not done again, and a run that was interrupted goes on
# where it was: `make ... again` (SPF and DMARC: `again-policies`) asks anew where a time-out or ^C left holes.
#
#   LIST      the domains, "rank,domain" or one a line
#   OUT       folder of the results (default: study)
#   RESOLVER  resolver to ask (default: /etc/resolv.conf); FLAGS, MX_FLAGS, SMTP_FLAGS, TLS_FLAGS: further options
#   PROFILE   hello of tlsprobe (default: 2015, so that the tables compare with the paper's)
#   ROOTS     roots to believe (default: the system's)
#   RESOLVERS addresses of resolvers to audit, one a line: `make ... audit`; TRUSTED a resolver to believe (default: RESOLVER),
#             AUDIT_FLAGS further options of mxaudit
#             `make ... policies`: who may send for the domains, by SPF and DMARC; SPF_FLAGS, DMARC_FLAGS further options
#             `make ... addresses`: the study that begins with a scan of port 25 instead of with domains; RANGES the CIDRs to scan,
#             one a line, SCAN_FLAGS further options of synscan; a scan that was interrupted goes on where it was
#             `make ... report`: one page of all that was measured in OUT so far, report.html; REPORT_FLAGS further options of report,
#             REPORT_MORE further files of it
#   PLACES    options of ipmeta that name its tables (--pfx2as FILE --as-types FILE ...): the tables by network and country, too
#   SHARD     K/N: only the K-th of N shares of the domains. `make ... partials` counts them into partial results, OUT/shard-K-of-N/*.part, and
#             `make ... merged` puts those of all SHARDS together into OUT/merged; `make ... shards` does both by ENGINE, which is
#             GNU parallel here or over ssh (ENGINE='parallel -S one,two'); a Slurm array does the first by itself, postroad(7)
#   BIN       where the tools are (default: PATH)
SHELL = bash
.SHELLFLAGS = -o pipefail -c
LIST ?= domains
OUT ?= study
PROFILE ?= 2015
TABLES ?= t1 t3 t4 t5 t6 keys t7 t10 t11 t13 certificates ranks providers $(if $(PLACES),t12 places)
POLICY_TABLES ?= t17 t19 t20 t21 t22 f4 coarseness includes redirects lookups
AUDIT_TABLES ?= t8 t14 $(if $(PLACES),t14-places)
ADDRESS_TABLES ?= t10 t11 t13 t6 $(if $(PLACES),t12 places)
FIGURES ?= t5 ranks
POLICY_FIGURES ?= f4
RANGES ?= ranges
SCAN_FLAGS ?= --outcomes open
RESOLVERS ?= resolvers
TRUSTED ?= $(RESOLVER)
HOLES ?= timeout,aborted,send_error
tool = $(if $(BIN),$(BIN)/)$(1)
ask = $(FLAGS) $(if $(RESOLVER),--resolver $(RESOLVER))
provenance = --metadata $(OUT)/$(1).meta
located = $(if $(PLACES),| $(call tool,ipmeta) $(PLACES))
located_resolvers = $(if $(PLACES),$(call located) --path resolver.ip --name resolver_meta)

.DELETE_ON_ERROR:
SHARDS ?= 4
ENGINE ?= parallel
share = $(if $(SHARD),--shard $(SHARD))
mine = $(if $(SHARD),$(OUT)/shard-$(subst /,-of-,$(SHARD)),$(OUT))

.PHONY: partials merged shards tables again audit policies again-policies addresses report
tables: $(TABLES:%=$(OUT)/%.txt) $(TABLES:%=$(OUT)/%.json)

$(OUT):
	mkdir -p $@
$(OUT)/mx.ndjson: $(LIST) | $(OUT)
	$(call tool,mxcheck) $(ask) $(share) $(MX_FLAGS) $(call provenance,mx) <$< >$@
$(OUT)/smtp.ndjson: $(OUT)/mx.ndjson
	$(call tool,smtpgrab) $(ask) $(SMTP_FLAGS) $(call provenance,smtp) <$< >$@
$(OUT)/tls.ndjson: $(OUT)/smtp.ndjson
	$(call tool,tlsprobe) $(ask) --profile $(PROFILE) $(if $(ROOTS),--roots $(ROOTS)) $(TLS_FLAGS) $(call provenance,tls) <$< >$@
$(OUT)/study.ndjson: $(OUT)/tls.ndjson
	$(call tool,stripdetect) $(call provenance,strip) <$< $(located) >$@
$(OUT)/%.txt: $(OUT)/study.ndjson
	$(call tool,aggregate) --preset $* --paper $< >$@
$(OUT)/%.json: $(OUT)/study.ndjson
	$(call tool,aggregate) --preset $* --format json $< >$@

$(OUT)/%.html: $(OUT)/study.ndjson
	$(call tool,aggregate) --preset $* --paper --format html $< >$@
$(OUT)/%.svg: $(OUT)/study.ndjson
	$(call tool,aggregate) --preset $* --only $* --paper --format svg $< >$@

# A share of the domains in a folder of its own; what all shares have counted, put together.
partials:
	$(MAKE) -f $(firstword $(MAKEFILE_LIST)) OUT=$(mine) $(addprefix $(mine)/,$(TABLES:%=%.part))
ifneq ($(SHARD),)
$(OUT)/%.part: $(OUT)/study.ndjson
	$(call tool,aggregate) --preset $* --partial $< >$@
endif
merged: $(TABLES:%=$(OUT)/merged/%.txt) $(TABLES:%=$(OUT)/merged/%.json)
$(OUT)/merged:
	mkdir -p $@
$(OUT)/merged/%.txt: $(wildcard $(OUT)/shard-*-of-$(SHARDS)/*.part) | $(OUT)/merged
	$(call tool,aggregate) --preset $* --paper --merge --expect $(SHARDS) $(OUT)/shard-*-of-$(SHARDS)/$*.part >$@
$(OUT)/merged/%.json: $(wildcard $(OUT)/shard-*-of-$(SHARDS)/*.part) | $(OUT)/merged
	$(call tool,aggregate) --preset $* --merge --expect $(SHARDS) --format json $(OUT)/shard-*-of-$(SHARDS)/$*.part >$@
$(OUT)/merged/%.html: $(wildcard $(OUT)/shard-*-of-$(SHARDS)/*.part) | $(OUT)/merged
	$(call tool,aggregate) --preset $* --paper --merge --expect $(SHARDS) --format html $(OUT)/shard-*-of-$(SHARDS)/$*.part >$@
shards:
	seq $(SHARDS) | MAKEFLAGS= $(ENGINE) -q make -s -C $(CURDIR) -f $(abspath $(firstword $(MAKEFILE_LIST))) $(MAKEOVERRIDES) SHARD={}/$(SHARDS) partials
	$(MAKE) -f $(firstword $(MAKEFILE_LIST)) merged

# Who may send for the domains: SPF and DMARC of those whose mail servers were looked up above.
policies: $(POLICY_TABLES:%=$(OUT)/policies/%.txt) $(POLICY_TABLES:%=$(OUT)/policies/%.json)

$(OUT)/policies:
	mkdir -p $@
$(OUT)/policies/spf.ndjson: $(OUT)/mx.ndjson | $(OUT)/policies
	$(call tool,spfexpand) $(ask) $(SPF_FLAGS) $(call provenance,policies/spf) <$< >$@
$(OUT)/policies/policies.ndjson: $(OUT)/policies/spf.ndjson
	$(call tool,dmarcq) $(ask) $(DMARC_FLAGS) $(call provenance,policies/dmarc) <$< >$@
$(OUT)/policies/%.txt: $(OUT)/policies/policies.ndjson
	$(call tool,aggregate) --preset $* --paper $< >$@
$(OUT)/policies/%.json: $(OUT)/policies/policies.ndjson
	$(call tool,aggregate) --preset $* --format json $< >$@

$(OUT)/policies/%.html: $(OUT)/policies/policies.ndjson
	$(call tool,aggregate) --preset $* --paper --format html $< >$@
$(OUT)/policies/%.svg: $(OUT)/policies/policies.ndjson
	$(call tool,aggregate) --preset $* --only $* --format svg $< >$@

# Which resolvers lie about mail servers, and what answers where they point. Target records keep the resolver's own.
audit: $(AUDIT_TABLES:%=$(OUT)/audit/%.txt) $(AUDIT_TABLES:%=$(OUT)/audit/%.json)

$(OUT)/audit:
	mkdir -p $@
$(OUT)/audit/resolvers.ndjson: $(RESOLVERS) | $(OUT)/audit
	$(call tool,mxaudit) $(FLAGS) $(if $(TRUSTED),--trusted $(TRUSTED)) --each-target $(AUDIT_FLAGS) $(call provenance,audit/resolvers) <$< >$@
$(OUT)/audit/targets.ndjson: $(OUT)/audit/resolvers.ndjson
	$(call tool,smtpgrab) $(ask) $(SMTP_FLAGS) $(call provenance,audit/targets) <$< $(located) $(located_resolvers) >$@
$(OUT)/audit/%.txt: $(OUT)/audit/targets.ndjson
	$(call tool,aggregate) --preset $* --paper $< >$@
$(OUT)/audit/%.json: $(OUT)/audit/targets.ndjson
	$(call tool,aggregate) --preset $* --format json $< >$@

$(OUT)/audit/%.html: $(OUT)/audit/targets.ndjson
	$(call tool,aggregate) --preset $* --paper --format html $< >$@

# Each filter measures only what is missing, and passes the rest on.
again: $(OUT)/study.ndjson
	$(call tool,mxcheck) $(ask) --only $(HOLES) $(MX_FLAGS) <$< | \
	$(call tool,smtpgrab) $(ask) --only $(HOLES) $(SMTP_FLAGS) | \
	$(call tool,tlsprobe) $(ask) --only $(HOLES) --profile $(PROFILE) $(if $(ROOTS),--roots $(ROOTS)) $(TLS_FLAGS) | \
	$(call tool,stripdetect) $(located) >$<.new
	mv $<.new $<
	$(MAKE) -f $(firstword $(MAKEFILE_LIST)) tables
again-policies: $(OUT)/policies/policies.ndjson
	$(call tool,spfexpand) $(ask) --only $(HOLES) $(SPF_FLAGS) <$< | $(call tool,dmarcq) $(ask) --only $(HOLES) $(DMARC_FLAGS) >$<.new
	mv $<.new $<
	$(MAKE) -f $(firstword $(MAKEFILE_LIST)) policies

# The page of what is there: of the domains' servers, and of policies and resolvers where they were measured.
done = $(wildcard $(OUT)/$(1))
parts = $(if $(call done,merged/*.json),$(TABLES:%=$(OUT)/merged/%.html)) \
  $(if $(call done,study.ndjson),$(TABLES:%=$(OUT)/%.html) $(FIGURES:%=$(OUT)/%.svg)) \
  $(if $(call done,policies/policies.ndjson),$(POLICY_TABLES:%=$(OUT)/policies/%.html) $(POLICY_FIGURES:%=$(OUT)/policies/%.svg)) \
  $(if $(call done,audit/targets.ndjson),$(AUDIT_TABLES:%=$(OUT)/audit/%.html))
report: $(OUT)/report.html
$(OUT)/report.html: $(parts)
	$(call tool,report) $(REPORT_FLAGS) -o $@ $^ $(REPORT_MORE) $(wildcard $(OUT)/*.meta $(OUT)/*/*.meta)

# By address: every server of the ranges that answers on port 25. What a scan has found before an interrupt stays in scan.part.
addresses: $(ADDRESS_TABLES:%=$(OUT)/addresses/%.txt) $(ADDRESS_TABLES:%=$(OUT)/addresses/%.json)

$(OUT)/addresses:
	mkdir -p $@
$(OUT)/addresses/scan.ndjson: $(RANGES) | $(OUT)/addresses
	$(call tool,synscan) $(SCAN_FLAGS) --resume $(@D)/scan.place $(call provenance,addresses/scan) <$< >>$(@D)/scan.part
	grep -q '"interrupted":false' $(OUT)/addresses/scan.meta
	mv $(@D)/scan.part $@
$(OUT)/addresses/smtp.ndjson: $(OUT)/addresses/scan.ndjson
	grep -F '"outcome":"open"' $< | $(call tool,smtpgrab) $(ask) $(SMTP_FLAGS) $(call provenance,addresses/smtp) >$@
$(OUT)/addresses/tls.ndjson: $(OUT)/addresses/smtp.ndjson
	$(call tool,tlsprobe) $(ask) --profile $(PROFILE) $(if $(ROOTS),--roots $(ROOTS)) $(TLS_FLAGS) $(call provenance,addresses/tls) <$< >$@
$(OUT)/addresses/study.ndjson: $(OUT)/addresses/tls.ndjson
	$(call tool,stripdetect) $(call provenance,addresses/strip) <$< $(located) >$@
$(OUT)/addresses/%.txt: $(OUT)/addresses/study.ndjson
	$(call tool,aggregate) --preset $* --paper $< >$@
$(OUT)/addresses/%.json: $(OUT)/addresses/study.ndjson
	$(call tool,aggregate) --preset $* --format json $< >$@
