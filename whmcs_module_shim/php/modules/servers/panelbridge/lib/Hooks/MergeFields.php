<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Hooks;

use WHMCS\Module\Server\Panelbridge\Language;
use WHMCS\Module\Server\Panelbridge\Params;

/** The fields WHMCS's template editor offers for mails about a product. */
final class MergeFields
{
    /** @return array<string, string> */
    public static function offered(Params $variables): array
    {
        if ($variables->text('type') !== 'product') {
            return [];
        }
        return [
            'panelbridge_username' => Language::text('merge_username'),
            'panelbridge_password' => Language::text('merge_password'),
            'panelbridge_expires' => Language::text('merge_expires'),
            'panelbridge_connect' => Language::text('merge_connect'),
        ];
    }
}
