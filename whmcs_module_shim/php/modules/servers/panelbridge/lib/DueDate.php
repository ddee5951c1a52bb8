<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/** WHMCS's next due date of a service, `YYYY-MM-DD`. */
final class DueDate
{
    public static function of(int $serviceId): string
    {
        return substr((string) Capsule::table('tblhosting')->where('id', $serviceId)->value('nextduedate'), 0, 10);
    }

    /** @throws CallError when WHMCS refuses or keeps another date */
    public static function move(int $serviceId, string $date): void
    {
        LocalCall::make('UpdateClientProduct', ['serviceid' => $serviceId, 'nextduedate' => $date]);
        $kept = self::of($serviceId);
        if ($kept !== $date) {
            throw CallError::notStored(Language::text('due_not_moved', ['date' => $date, 'now' => $kept]));
        }
    }

    /** The date of a time in WHMCS's own time zone. */
    public static function fromTime(string $iso): string
    {
        $zone = new \DateTimeZone(date_default_timezone_get());
        return (new \DateTimeImmutable($iso))->setTimezone($zone)->format('Y-m-d');
    }
}
