{* What the module adds to the product page. Everything shown is escaped here. *}
{assign var=text value=$panelbridge.language}
{assign var=account value=$panelbridge.account}
<style>
.pb-card{ldelim}border:1px solid rgba(127,127,127,.25);border-radius:8px;margin:16px 0;overflow:hidden{rdelim}
.pb-head{ldelim}display:flex;justify-content:space-between;align-items:center;padding:12px 16px;border-bottom:1px solid rgba(127,127,127,.2);font-weight:600{rdelim}
.pb-state{ldelim}font-size:.85em;font-weight:600;padding:2px 10px;border-radius:999px;background:#6b7280;color:#fff{rdelim}
.pb-state-works{ldelim}background:#15803d{rdelim}
.pb-rows{ldelim}display:grid;grid-template-columns:minmax(120px,34%) 1fr;margin:0;padding:8px 16px{rdelim}
.pb-rows dt,.pb-rows dd{ldelim}margin:0;padding:6px 0;text-align:left;overflow-wrap:anywhere{rdelim}
.pb-rows dt{ldelim}font-weight:400;opacity:.75{rdelim}
.pb-rows summary{ldelim}cursor:pointer;display:list-item{rdelim}
.pb-rows code{ldelim}font-size:1em;user-select:all{rdelim}
.pb-foot{ldelim}padding:12px 16px;border-top:1px solid rgba(127,127,127,.2){rdelim}
.pb-foot p{ldelim}margin:0 0 8px;opacity:.75{rdelim}
.pb-card .pb-plain{ldelim}padding:16px;margin:0{rdelim}
</style>
<section class="pb-card" id="panelbridge-account" aria-labelledby="pb-title">
    <div class="pb-head">
        <span id="pb-title">{$text.title|escape}</span>
        <span class="pb-state{if $account.works} pb-state-works{/if}">{$account.state_text|escape}</span>
    </div>
    {if $account.told neq ''}
        <p class="pb-plain">{$account.told|escape}</p>
    {else}
        {if $account.note neq ''}
            <p class="pb-plain" id="pb-note">{$account.note|escape}</p>
        {/if}
        <dl class="pb-rows">
            {if $account.username neq ''}
                <dt>{$text.username|escape}</dt>
                <dd><code id="pb-username">{$account.username|escape}</code></dd>
                <dt>{$text.password|escape}</dt>
                {if $account.password neq ''}
                    <dd><details><summary>{$text.show|escape}</summary><code id="pb-password">{$account.password|escape}</code></details></dd>
                {else}
                    <dd id="pb-password-note">{$account.password_note|escape}</dd>
                {/if}
            {/if}
            {foreach $account.connect as $line}
                <dt>{$line.label|escape}</dt>
                {if $line.secret}
                    <dd><details><summary>{$text.show|escape}</summary><code>{$line.value|escape}</code></details></dd>
                {else}
                    <dd><code>{$line.value|escape}</code></dd>
                {/if}
            {/foreach}
            {if $account.expires neq ''}
                <dt>{$text.expires|escape}</dt>
                <dd>{$account.expires|escape}</dd>
            {/if}
            {if $account.grace_until neq ''}
                <dt>{$text.grace|escape}</dt>
                <dd>{$account.grace_until|escape}</dd>
            {/if}
            {if $account.connections neq ''}
                <dt>{$text.connections|escape}</dt>
                <dd>{$account.connections|escape}</dd>
            {/if}
            {if $account.as_of neq ''}
                <dt>{$text.as_of|escape}</dt>
                <dd>{$account.as_of|escape}</dd>
            {/if}
        </dl>
    {/if}
    {if $account.may_sign_on}
        <div class="pb-foot">
            <a class="btn btn-primary" id="pb-sign-on" href="clientarea.php?action=productdetails&amp;id={$account.service_id|escape:'url'}&amp;dosinglesignon=1" target="_blank" rel="noopener noreferrer">{$text.sign_on_button|escape}</a>
        </div>
    {/if}
    {if $account.may_reset}
        <form class="pb-foot" method="post" action="clientarea.php?action=productdetails">
            <input type="hidden" name="token" value="{$token|default:''|escape}">
            <input type="hidden" name="id" value="{$account.service_id|escape}">
            <input type="hidden" name="modop" value="custom">
            <input type="hidden" name="a" value="ClientReset">
            <input type="hidden" name="panelbridge_token" value="{$account.token|escape}">
            <p>{$text.reset_help|escape}</p>
            <button type="submit" class="btn btn-default btn-outline-secondary">{$text.reset_button|escape}</button>
        </form>
    {/if}
</section>
