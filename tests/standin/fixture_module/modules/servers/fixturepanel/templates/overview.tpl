<div class="fixture" data-token="{$token|escape}">Line: {$line|escape} Status: {$status|escape}</div>
