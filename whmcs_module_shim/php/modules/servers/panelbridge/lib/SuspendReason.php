<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** WHMCS tells an unpaid service from any other only by the text of the reason, which may be translated. */
final class SuspendReason
{
    public const OVERDUE = 'Overdue on Payment';

    public static function of(string $given): string
    {
        $translated = $GLOBALS['_LANG']['suspendreasonoverdue'] ?? '';
        $own = is_string($translated) ? Params::of(['text' => $translated])->text('text') : '';
        return $given !== '' && $given === $own ? self::OVERDUE : $given;
    }
}
