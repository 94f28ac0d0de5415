"""Tokens that begin with what gives them away: data for `token_search`.

Each pattern begins with one of its prefixes, and is tried only where that stands at the beginning of a token. No
pattern scans far and then fails: a repetition that something must follow is bounded. What gitleaks knows as well as we
do is in `gitleaks.json`; here is what it lacks, or what we take in more of its forms.
"""

from itertools import product
from typing import Final

from runtally.redaction.keys import IN_BASE64

_NOT_INSIDE: Final = r"(?:(?<![\w-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
"""For a prefix that may as well stand inside a generated token of letters, digits, `-` and `_`."""

_ENDS: Final = r"(?:(?![\w-])|(?<=[_-])(?=AQVN|YCAJE|YC[MP]|EAAA|sq0|sha256~|md-|api-|sdk-))"
"""Nothing of the token follows, unless it is the next one: else only the last of a row would be one, pass by pass."""

# Discord's tokens begin with the digits of an id in base64.
_DIGITS_IN_BASE64: Final = tuple(map("".join, product("MNO", "DTjz", "AEIMQUYcgk")))

_AI: Final = (
    ("anthropic_key", ("sk-ant-",), r"sk-ant-[\w-]{10,}"),
    ("openrouter_key", ("sk-or-",), r"sk-or-[\w-]{20,}"),
    ("openai_key", ("sk-proj-", "sk-svcacct-", "sk-admin-"), r"sk-[a-z]{4,7}-[\w-]{20,}"),
    # OpenAI's first shape, which others use too; all in lower case it may be hyphenated words.
    (
        "api_key",
        ("sk-",),
        (
            r"sk-(?:(?=[\w-]{0,48}[A-Z\d])(?:[a-z]{2,12}-){0,2}(?:[\da-f]{8}-[\da-f-]{27}|\w{20})[\w-]*"
            r"|[a-z]{32,}|(?=[\w-]{0,24}\d)[a-z]{2,10}-[\w-]{24,})"
        ),
    ),
    ("elevenlabs_key", ("sk_",), r"sk_[0-9a-f]{40,64}(?![A-Za-z0-9])"),
    ("huggingface_token", ("hf_", "api_org_"), r"(?:hf|api_org)_[A-Za-z0-9]{20,}"),
    ("groq_key", ("gsk_",), r"gsk_[A-Za-z0-9]{20,}"),
    ("xai_key", ("xai-",), r"xai-[A-Za-z0-9]{20,}"),
    ("perplexity_key", ("pplx-",), r"pplx-[A-Za-z0-9]{20,}"),
    ("replicate_token", ("r8_",), r"r8_[A-Za-z0-9]{20,}(?![\w-])"),
    ("together_key", ("tgp_v1_",), r"tgp_v1_[\w-]{20,}"),
    ("cerebras_key", ("csk-",), r"csk-[a-z0-9]{30,}"),
    ("fireworks_key", ("fw_",), r"fw_(?=[A-Za-z0-9]{0,24}\d)[A-Za-z0-9]{20,}"),
    ("voyage_key", ("pa-",), r"pa-(?=[\w-]{0,40}\d)(?=[\w-]{0,40}[A-Z])[\w-]{40,}"),
    ("firecrawl_key", ("fc-",), r"fc-[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("apify_token", ("apify_api_",), r"apify_api_[A-Za-z0-9]{20,}"),
    ("jina_key", ("jina_",), r"jina_[0-9a-f]{20,}[\w-]*"),
    ("e2b_key", ("e2b_",), r"e2b_[0-9a-f]{32,}"),
    ("wandb_key", ("wandb_v1_",), r"wandb_v1_[\w-]{20,}"),
    ("anyscale_key", ("esecret_", "aph0_"), r"(?:esecret|aph0)_[A-Za-z0-9]{20,}"),
    (
        "api_key",
        (
            *(
                "nvapi-",
                "tvly-",
                "lsv2_pt_",
                "lsv2_sk_",
                "lsv2_",
                "pcsk_",
                "tskey-",
                "PMAK-",
                "PMAT-",
                "NRAK-",
                "NRAA-",
            ),
            *("NRII-", "NRJS-", "NRBR-", "NRRA-", "NRSP-"),
        ),
        r"(?:nvapi-|tvly-|lsv2_|pcsk_|tskey-|PMA[KT]-|NR[A-Z]{2}-)[\w-]{16,}=*",
    ),
)

_AI_TOO: Final = (
    ("helicone_key", ("pk-helicone-",), r"pk-helicone-[a-z0-9-]{20,}"),
    ("modal_secret", ("as-",), r"as-(?=[A-Za-z0-9]{0,21}\d)(?=[A-Za-z0-9]{0,21}[A-Z])[A-Za-z0-9]{22}(?![\w-])"),
    ("sambanova_key", ("snova-",), r"snova-[A-Za-z0-9]{20,}"),
    ("runpod_key", ("rpa_",), r"rpa_[A-Z0-9]{30,}[a-z0-9]{0,10}"),
    ("nomic_key", ("nk-",), r"nk-(?=[\w-]{0,30}\d)(?=[\w-]{0,30}[A-Z])[\w-]{40,}"),
    ("langsmith_key", ("ls__",), r"ls__[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("braintrust_key", ("bt-st-",), r"bt-st-[A-Za-z0-9]{30,}"),
    ("arize_key", ("ak-",), r"ak-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-[\w-]{20,}"),
    ("browserbase_key", ("bb_live_",), r"bb_live_[\w-]{20,}"),
    ("luma_key", ("luma-",), r"luma-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{20,}"),
    ("api_key", ("key_",), r"key_[0-9a-f]{64,128}(?![A-Za-z0-9])"),
    ("baidu_key", ("bce-v3/",), r"bce-v3/ALTAK-[A-Za-z0-9]{16,30}/[0-9a-f]{40}"),
    ("volcengine_key_id", ("AKLT",), r"AKLT(?=[A-Za-z0-9]{0,30}\d)[A-Za-z0-9]{40,48}={0,2}(?![A-Za-z0-9])"),
    ("google_key", ("AQ.Ab",), r"AQ\.Ab[\w-]{30,}"),
    ("brave_key", ("BSA",), r"BSA(?=[\w-]{0,27}\d)(?=[\w-]{0,27}[a-z])[\w-]{28}(?![\w-])"),
    ("zep_key", ("z_1dWlk",), r"z_1dWlk\.[\w-]{20,200}\.[\w-]{20,}"),
    (
        "api_key",
        ("dtn_", "flp_", "mxb_", "tpuf_", "rc_", "pl_", "hb_", "psk-", "m0-", "llx-", "ck-", "pb_", "nc_sk_"),
        (
            r"(?:dtn_|flp_|mxb_|tpuf_|rc_|pl_|hb_|psk-|m0-|llx-|ck-|pb_|nc_sk_)(?=[A-Za-z]{0,40}\d)"
            r"(?:[0-9a-f]{30,64}|(?=[a-z\d]{0,40}[A-Z])[A-Za-z0-9]{22,64})(?![\w-])"
        ),
    ),
    (
        "api_key",
        ("pylf_v", "sk_car_", "hl_sk_", "ste-", "ctx7sk-", "fk-", "apk_user_", "inference-", "cpk_"),
        (
            r"(?:pylf_v\d_[a-z]{2}_|sk_car_|hl_sk_|ste-|ctx7sk-|fk-|apk_user_|inference-|cpk_)(?=[\w-]{0,40}\d)"
            r"(?:[0-9a-f]{32,64}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|(?=[\w-]{0,40}[A-Z])[\w-]{22,200})"
            r"(?:\.[0-9a-f]{32}\.[A-Za-z0-9]{32})?(?![\w-])"
        ),
    ),
)

_CLOUDS: Final = (
    ("aws_key_id", ("AKIA", "ASIA", "ABIA", "ACCA"), r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("aws_session_token", ("IQoJb3JpZ2lu", "FwoG", "FQoG"), r"(?:IQoJb3JpZ2lu|F[wQ]oG[A-Z])[\w+/%=-]{60,}"),
    ("bedrock_key", ("bedrock-api-key-", "ABSK"), r"(?:bedrock-api-key-[\w+/=%-]{40,}|ABSK[A-Za-z0-9+/]{100,}={0,2})"),
    ("google_key", ("AIza",), r"AIza[\w-]{30,}"),
    ("google_token", ("ya29.", "GOCSPX-", "1//0"), r"(?:ya29\.|GOCSPX-|1//0)[\w-]{20,}(?:\.[\w-]{20,})*"),
    ("google_token", ("4/0A",), r"4/0A[\w-]{40,}"),
    ("digitalocean_token", ("dop_v1_", "doo_v1_", "dor_v1_"), r"do[opr]_v1_[A-Za-z0-9]{20,}"),
    (
        "tencent_key_id",
        ("AKID",),
        r"AKID(?=[A-Za-z0-9]{0,31}[a-z])(?=[A-Za-z0-9]{0,31}\d)[A-Za-z0-9]{32}(?![A-Za-z0-9])",
    ),
    ("yandex_key", ("AQVN", "YCAJE", "YCM", "YCP"), r"(?:AQVN|YCAJE|YC[MP])[\w-]{33,38}" + _ENDS),
    ("yandex_token", ("t1.",), r"t1\.[\w-]{6,999}={0,2}\.[\w-]{80,}={0,2}"),
    ("yandex_token", ("y0_",), r"y0_[\w-]{40,}"),
    ("vault_token", ("hvs.", "hvb.", "hvr."), r"hv[sbr]\.[\w-]{20,}"),
    ("vault_token", ("s.",), r"s\.(?=[A-Za-z0-9]{0,23}\d)(?=[A-Za-z0-9]{0,23}[A-Z])[A-Za-z0-9]{24}(?![A-Za-z0-9.(=-])"),
    ("databricks_token", ("dapi", "dkea", "dose"), r"d(?:api|kea|ose)[0-9a-f]{32}[\w-]*"),
    ("supabase_key", ("sbp_", "sb_secret_"), r"(?:sbp_(?:oauth_|v0_)?[0-9a-f]{40}|sb_secret_[\w-]{20,})"),
    ("neon_key", ("napi_",), r"napi_[a-z0-9]{40,}"),
    ("render_key", ("rnd_",), r"rnd_(?=[A-Za-z0-9]{0,31}[A-Z\d])[A-Za-z0-9]{24,}"),
    ("vercel_token", ("vcp_", "vci_", "vca_", "vcr_", "vck_"), r"vc[piark]_[A-Za-z0-9]{24,}"),
    ("netlify_token", ("nfp_", "nfc_", "nfo_", "nfb_", "nfu_"), r"nf[pcobu]_[A-Za-z0-9]{36,}"),
    ("mongodb_secret", ("mdb_sa_sk_",), r"mdb_sa_sk_[\w-]{30,}"),
    ("dbt_token", ("dbtc_", "dbts_", "dbtu_"), r"dbt[csu]_[\w-]{30,}={0,2}"),
    ("cloudflare_token", ("cfat_", "cfut_", "cfk_"), r"cf(?:at|ut|k)_[\w-]{40,}"),
    ("openshift_token", ("sha256~",), r"sha256~[\w-]{43}" + _ENDS),
    (
        "paseto",
        tuple(f"v{version}.{kind}." for version in "1234" for kind in ("local", "public")),
        r"v\d\.\w+\.[\w.-]{40,}",
    ),
    (
        "jwt",  # in base64 once more
        ("ZXlKaGJHY2lPaU", "ZXlKMGVYQWlPaUp", "ZXlKcmFXUWlP", "ZXlKbGJtTWlPaU", "ZXlKcmRIa2lPaUp", "ZXlKemRXSWlPaU"),
        r"ZXlK[\w+/-]{60,}={0,2}",
    ),
    ("jwt", ("eyJ",), _NOT_INSIDE + r"(?<!pk\.)eyJ[\w-]{8,2000}\.[\w.-]{10,}"),
)

_CODE_HOSTS: Final = (
    ("github_token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[opusr]_(?:(?!gh[opusr]_)[A-Za-z0-9]){20,}"),
    ("github_token", ("github_pat_",), r"github_pat_\w{20,}"),
    (
        "gitlab_token",
        tuple(f"gl{kind}-" for kind in "pat dt rt rtr ptt cbt ffct ft imt agent oas soat wt".split()),  # noqa: SIM905
        r"gl[a-z]{2,5}-[\w-]{20,}(?:\.\w+)*",
    ),
    ("gitlab_token", ("GR1348941",), r"GR1348941[\w-]{20,}"),
    ("atlassian_token", ("ATATT3", "ATCTT3"), r"AT[AC]TT3[\w-]{20,}=*(?:[0-9A-F]{8})?"),
    ("bitbucket_password", ("ATBB",), r"ATBB(?=[A-Za-z0-9]{0,31}\d)[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    ("npm_token", ("npm_",), r"npm_[A-Za-z0-9]{30,}"),
    ("pypi_token", ("pypi-Ag",), r"pypi-Ag[\w-]{20,}"),
    ("cargo_token", ("cio",), r"cio(?=[A-Za-z0-9]{0,31}\d)(?=[A-Za-z0-9]{0,31}[A-Z])[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    ("nuget_key", ("oy2",), r"oy2[a-z0-9]{43}(?![A-Za-z0-9])"),
    ("docker_token", ("dckr_pat_", "dckr_oat_"), r"dckr_[po]at_[\w-]{20,}"),
    ("buildkite_token", ("bkua_", "bkct_", "bkpt_"), r"bk(?:ua|ct|pt)_[\w-]{30,}"),
    ("circleci_token", ("CCIPAT_", "CCIPRJ_"), r"CCI(?:PAT|PRJ)_[A-Za-z0-9]{16,30}_[0-9a-f]{40}"),
    ("sonar_token", ("squ_", "sqp_", "sqa_"), r"sq[upa]_[0-9a-f]{40}(?![A-Za-z0-9])"),
    ("artifactory_token", ("AKCp", "cmVmd"), r"(?:AKCp[A-Za-z0-9]{60,}|cmVmd[A-Za-z0-9]{50,})"),
    ("airtable_token", ("pat",), r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}(?![A-Za-z0-9])"),
    ("sourcegraph_token", ("sgp_",), r"sgp_(?:[0-9A-Fa-f]{16}_|local_)?[0-9A-Fa-f]{40}(?![A-Za-z0-9])"),
    ("runtally_key", ("rtk_",), r"rtk_(?:(?=[\w-]{0,42}[A-Z])[\w-]{43,}|[A-Za-z0-9-]{43,})"),  # or a snake_case name
)

_REGISTRIES: Final = (
    ("buildkite_token", ("bkat_", "bkaj_"), r"bka[tj]_[\w-]{30,}"),
    ("octopus_key", ("API-",), r"API-(?=[A-Z]{0,29}\d)[A-Z0-9]{25,32}(?![\w-])"),
    ("packagist_token", ("packagist_",), r"packagist_[a-z]{3}_[0-9a-f]{40,}"),
    ("prefix_token", ("pfx_", "pfxc_"), r"pfxc?_(?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{40,}"),
    ("deno_token", ("ddp_", "ddo_", "jsrp_"), r"(?:dd[po]|jsrp)_[A-Za-z0-9]{30,}"),
    ("gitbook_token", ("gb_api_",), r"gb_api_[A-Za-z0-9]{30,}"),
    ("clickup_token", ("pk_",), r"pk_\d{5,10}_[A-Z0-9]{32}(?![A-Za-z0-9])"),
    ("appveyor_token", ("v2.",), r"v2\.(?=[a-z]{0,19}\d)(?=\d{0,19}[a-z])[a-z0-9]{20}(?![\w.-])"),
    ("neon_password", ("npg_",), r"npg_(?=[A-Za-z]{0,16}\d)[A-Za-z0-9]{12,20}(?![A-Za-z0-9_])"),
    ("open_vsx_token", ("ovsxp_", "ovsxat_"), r"ovsx(?:p|at)_[0-9a-f-]{36}"),
    ("otp_secret", ("otpauth-migration://",), r"otpauth-migration://offline\?data=(?P<value>[\w+/%=-]{16,})"),
    ("password_hash", ("-pbkdf2",), r"-pbkdf2(?::sha\d{3})?-[0-9a-f]{40,128},[0-9a-f]{16,64},\d{1,8}"),
)

_SERVICES: Final = (
    (
        "stripe_key",
        tuple(f"{kind}_{mode}_" for kind in ("sk", "rk") for mode in ("live", "test", "prod")),
        r"[sr]k_\w{4}_(?:(?![sr]k_\w{4}_)[A-Za-z0-9]){10,}",
    ),
    ("webhook_secret", ("whsec_",), r"whsec_[A-Za-z0-9+/=]{16,}"),
    ("slack_token", ("xox",), r"xox[a-z](?:\.xox[a-z])?-(?=[\w-]{0,40}\d)[\w-]{10,}"),
    ("slack_token", ("xapp-", "xwfp-"), r"x(?:app|wfp)-(?=[\w-]{0,40}\d)[\w-]{12,}"),
    (
        "slack_webhook",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<value>[\w/]{20,})",
    ),
    ("discord_token", _DIGITS_IN_BASE64, r"[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,}"),
    ("discord_token", ("mfa.",), r"mfa\.[\w-]{80,}"),
    (
        "square_token",
        ("EAAA", "sq0atp-", "sq0csp-"),
        r"(?:sq0(?:atp|csp)-|(?<![+/])EAAA(?=[\w-]{0,40}\d))[\w-]{22,60}" + _ENDS,
    ),
    ("sendgrid_key", ("SG.",), r"SG\.[\w-]{16,64}\.[\w-]{16,}"),
    ("twilio_key", ("SK",), r"SK[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("brevo_key", ("xkeysib-", "xsmtpsib-"), r"x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}"),
    ("resend_key", ("re_",), r"re_(?=\w{0,33}\d)[A-Za-z0-9]{7,10}_[A-Za-z0-9]{20,}"),
    ("linear_key", ("lin_api_", "lin_oauth_", "lin_wh_"), r"lin_(?:api|oauth|wh)_[A-Za-z0-9]{20,}"),
    ("notion_token", ("secret_",), r"secret_[A-Za-z0-9]{40,}"),
    ("notion_token", ("ntn_",), r"ntn_[A-Za-z0-9]{30,}"),
    ("mailgun_key", ("key-",), _NOT_INSIDE + r"key-[0-9a-z]{32}(?![\w-])"),
    (
        "shopify_token",
        tuple(f"shp{kind}_" for kind in ("at", "ca", "pa", "ss", "ua", "it")),
        r"shp[a-z]{2}_[A-Za-z0-9]{20,}",
    ),
    ("sentry_token", ("sntrys_", "sntryu_"), r"sntry[su]_[\w+/=-]{20,}"),
    (
        "doppler_token",
        tuple(f"dp.{kind}." for kind in ("pt", "st", "ct", "sa", "said", "scim", "audit")),
        r"dp\.[a-z]+\.(?:[\w-]{2,40}\.)?[A-Za-z0-9]{40,44}",
    ),
    ("dynatrace_token", ("dt0",), r"dt0[a-z]\d\d\.[A-Z0-9]{8,24}\.[A-Z0-9]{64}"),
    ("grafana_token", ("glsa_",), r"glsa_[\w-]{20,}"),
    ("figma_token", ("figd_", "figu_", "figo_", "figor_", "figur_"), r"fig[a-z]{1,2}_[\w-]{30,}"),
    ("mapbox_token", ("sk.eyJ", "tk.eyJ"), r"[st]k\.eyJ[\w-]{20,}\.[\w-]{16,}"),
    ("dropbox_token", ("sl.",), r"sl\.(?:[a-z]\.)?[\w-]{100,}"),
    ("hubspot_token", ("pat-na", "pat-eu", "pat-ap"), r"pat-[a-z]{2}\d-[0-9a-f]{8}-[0-9a-f-]{27}"),
    ("posthog_key", ("phx_", "phs_"), r"ph[xs]_[A-Za-z0-9]{30,}"),
    ("klaviyo_key", ("pk_",), r"pk_[0-9a-f]{34}(?![A-Za-z0-9])"),
    ("contentful_token", ("CFPAT-",), r"CFPAT-[\w-]{40,}"),
    ("typeform_token", ("tfp_",), r"tfp_[\w.=-]{40,}"),
    ("honeycomb_key", ("hcaik_", "hcxik_", "hcamk_"), r"hc[axm]{1,2}[im]?k_[a-z0-9]{40,}"),
    (
        "plaid_token",
        ("access-sandbox-", "access-development-", "access-production-"),
        r"access-[a-z]{7,11}-[0-9a-f]{8}-[0-9a-f-]{27}",
    ),
    ("mandrill_key", ("md-",), r"md-(?=[\w-]{0,21}\d)(?=[\w-]{0,21}[A-Z])[\w-]{22}" + _ENDS),
    (
        "mollie_key",
        ("live_",),
        r"live_(?=[A-Za-z0-9]{0,29}\d)(?=[A-Za-z0-9]{0,29}[A-Z])[A-Za-z0-9]{30,}",
    ),
    ("launchdarkly_key", ("api-", "sdk-"), r"(?:api|sdk)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}" + _ENDS),
    ("datadog_key", ("pub",), r"pub[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("trello_token", ("ATTA",), r"ATTA[0-9a-f]{60,}[0-9A-F]{0,8}"),
    ("sumup_key", ("sup_sk_",), r"sup_sk_[A-Za-z0-9]{20,}"),
    (
        "airtable_key",
        ("key",),
        (
            r"key(?=[A-Za-z0-9]{0,13}\d)(?=[A-Za-z0-9]{0,13}[A-Z])(?=[A-Za-z0-9]{0,13}[a-z])[A-Za-z0-9]{14}"
            r"(?![A-Za-z0-9])"
        ),
    ),
    ("paypal_token", ("A21AA",), r"A21AA[\w-]{50,}"),
    ("asana_token", ("0/", "1/", "2/"), r"[012]/\d{10,20}(?:/\d{10,20})?:[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("intercom_token", ("dG9r",), r"dG9r[A-Za-z0-9+/]{40,}={0,2}"),
    ("instagram_token", ("IGQ",), r"IGQ[VW][\w-]{100,}"),
    (
        "facebook_token",
        ("EAA",),
        r"EAA(?![A-Za-z0-9]{1,80}AAA)(?=[A-Za-z0-9]{0,40}\d)(?=[A-Za-z0-9]{0,40}[a-z])[A-Za-z0-9]{80,300}(?![A-Za-z0-9+/=])",
    ),
    ("private_key", ("RWRTY0Iy", "RWRCS"), r"RWR(?:TY0Iy|CS[0w])[A-Za-z0-9+/]{80,}={0,2}"),  # minisign, signify
    ("age_key", ("AGE-PLUGIN-",), r"AGE-PLUGIN-[A-Z0-9-]{2,30}-1[0-9A-Z]{20,}"),
    ("macaroon", ("0201036c6e64", "AgEDbG5k"), r"(?:0201036c6e64[0-9a-f]{60,}|AgEDbG5k[\w+/-]{60,}={0,2})"),
    ("password", ("AQAAANCMnd8",), r"AQAAANCMnd8BFdER[A-Za-z0-9+/]{40,}={0,2}"),  # encrypted for one user of Windows
    ("age_key", ("AGE-SECRET-KEY-",), r"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{40,}"),
    ("private_key", IN_BASE64, r"LS0tLS1CRUdJTi[\w+/]{40,}={0,2}"),
    ("bitcoin_key", ("5H", "5J", "5K", "6P"), r"(?:5[HJK]|6P)[1-9A-HJ-NP-Za-km-z]{49,56}(?![A-Za-z0-9])"),
    ("wallet_key", ("xprv", "yprv", "zprv", "tprv"), r"[xyzt]prv[1-9A-HJ-NP-Za-km-z]{100,112}"),
    ("nostr_key", ("nsec1",), r"nsec1[02-9ac-hj-np-z]{58}(?![A-Za-z0-9])"),
)

_KEY_FILES: Final = (
    # Private keys as DER and stores of them, in base64 without an armour. What a certificate begins with is another.
    (
        "private_key",
        ("MII",),
        (
            r"MII[A-Za-z0-9+/]{3}(?:IBAAK[BC]|IBADANBgkqhkiG9w0BAQ|IBAzCC|BOBgkqhkiG9w0BBQ0|BIBgkqhkiG9w0BBQ0)"
            r"[A-Za-z0-9+/]{40,}={0,2}"
        ),
    ),
    (
        "private_key",
        ("MHcCAQEE", "MIGkAgEB", "MIHcAgEB", "MIGHAgEA", "MIG2AgEA", "MIHuAgEA", "MC4CAQAw"),
        r"M(?:HcCAQEE|IGkAgEB|IHcAgEB|IGHAgEA|IG2AgEA|IHuAgEA|C4CAQAw)[A-Za-z0-9+/]{40,}={0,2}",
    ),
    ("private_key", ("b3BlbnNzaC1rZXktdjE",), r"b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/]{40,}={0,2}"),
    ("private_key", ("/u3+7QAAAAI", "zs7OzgAAAAI"), r"(?:/u3\+7Q|zs7Ozg)AAAAI[A-Za-z0-9+/]{40,}={0,2}"),
    ("kerberos_keytab", ("BQIAAA",), r"BQIAAA[A-Za-z0-9+/]{40,}={0,2}"),
    ("private_key", ("RWQAAEIy",), r"RWQAAEIy[A-Za-z0-9+/]{80,}={0,2}"),  # minisign without a password
    (
        "wallet_key",
        ("Kw", "Kx", "Ky", "Kz", "L1", "L2", "L3", "L4", "L5"),
        r"(?:K[w-z]|L[1-5])(?=[A-Za-z]{0,40}\d)(?=[a-z\d]{0,40}[A-Z])[1-9A-HJ-NP-Za-km-z]{50}(?![\w+/=])",
    ),
    # Stellar's seeds have 56 characters, those of NATS 58
    (
        "wallet_key",
        ("SA", "SB", "SC", "SD", "SN", "SO", "SU"),
        r"S[A-DNOU](?=[A-Z]{0,30}[2-7])[A-Z2-7]{54}(?:[A-Z2-7]{2})?(?![A-Za-z0-9=])",
    ),
    ("wallet_key", ("edsk",), r"edsk[1-9A-HJ-NP-Za-km-z]{50,94}(?![A-Za-z0-9])"),
    ("wallet_key", ("suiprivkey1",), r"suiprivkey1[02-9ac-hj-np-z]{50,}"),
    ("wallet_key", ("ed25519-priv-0x", "secp256k1-priv-0x"), r"(?:ed25519|secp256k1)-priv-0x[0-9a-f]{64}"),
    ("paseto_key", ("k2.", "k3.", "k4."), r"k[2-4]\.(?:secret|local)\.[\w-]{40,}"),
    ("swarm_key", ("SWMKEY-1-",), r"SWMKEY-1-[A-Za-z0-9+/]{40,}"),
)

TOKENS: Final = (*_AI, *_AI_TOO, *_CLOUDS, *_CODE_HOSTS, *_REGISTRIES, *_SERVICES, *_KEY_FILES)
