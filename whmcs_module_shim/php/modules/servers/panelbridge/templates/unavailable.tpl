{* Shown while the bridge gives no answer: nothing here needs it. *}
<section style="border:1px solid rgba(127,127,127,.25);border-radius:8px;margin:16px 0;padding:16px" id="panelbridge-account">
    <strong>{$panelbridge.language.title|escape}</strong>
    <p style="margin:8px 0 0">{$panelbridge.language.unavailable|escape}</p>
</section>
