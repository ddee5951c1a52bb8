<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** WHMCS tells an unpaid service from any other only by the text of the reason. */
final class SuspendReason
{
    public const OVERDUE = 'Overdue on Payment';

    /** An empty reason is WHMCS's own; so is its text in the shop's language. */
    public static function of(string $given): string
    {
        $translated = $GLOBALS['_LANG']['suspendreasonoverdue'] ?? '';
        $own = ['', self::OVERDUE, is_string($translated) ? Params::of(['text' => $translated])->text('text') : ''];
        return in_array($given, $own, true) ? self::OVERDUE : $given;
    }
}
