<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

/**
 * What public sources leave open or tell in two ways. The first position is the default.
 * An empty list of positions means free text. standin/README.md explains each row.
 */
final class Switches
{
    public const POSITIONS = [
        'uncaught_exception_to_string' => ['yes', 'no'],
        'renew_on_first_invoice' => ['no', 'yes'],
        'renew_on_zero_total' => ['yes', 'no'],
        'renew_on_credit_paid' => ['yes', 'no'],
        'renew_on_demand' => ['yes', 'no'],
        'renew_before_due_date_moves' => ['no', 'yes'],
        'renew_repeats' => ['once', 'twice'],
        'unsuspend_before_renew' => ['no', 'yes'],
        'welcome_mail' => ['after_active', 'before_active', 'after_hook'],
        'mail_sees_new_credentials' => ['yes', 'no'],
        'failed_create_status' => ['Pending', 'OrderActive', 'Active'],
        'service_delete_terminates' => ['no', 'yes'],
        'queue_manual_failures' => ['no', 'yes'],
        'queue_renew_failures' => ['no', 'yes'],
        'any_success_resolves_queue' => ['yes', 'no'],
        'entities_encoded' => ['yes', 'no'],
        'allowed_functions_shape' => ['values', 'keys'],
        'duplicate_transid_rejected' => ['no', 'yes'],
        'suspendreason_present' => ['yes', 'no'],
        'overdue_reason_text' => [],
        'cancellation_end_status' => ['Terminated', 'Cancelled'],
        'keep_customfields_on_upgrade' => ['no', 'yes'],
        'accesshash_encrypted' => ['yes', 'no'],
        'unknown_custom_fields_ignored' => ['yes', 'no'],
        'undocumented_params' => ['present', 'absent'],
        'numbers_as_strings' => ['no', 'yes'],
        'serversecure_form' => ['bool', 'on', 'one'],
        'configoptions_gets_params' => ['yes', 'no'],
        'invoice_release' => ['v9_0', 'v8_13'],
        'automatic_credit_use' => ['no', 'yes'],
        'credit_on_downgrade' => ['no', 'yes'],
        'quantity' => ['several_services', 'one_service'],
    ];

    private const FREE_TEXT_DEFAULTS = ['overdue_reason_text' => 'Overdue on Payment'];

    public static function defaultOf(string $switch): string
    {
        self::check($switch, null);
        return self::FREE_TEXT_DEFAULTS[$switch] ?? self::POSITIONS[$switch][0];
    }

    public static function check(string $switch, ?string $position): void
    {
        $positions = self::POSITIONS[$switch] ?? throw new Refused("there is no switch $switch");
        if ($position !== null && $positions !== [] && !in_array($position, $positions, true)) {
            throw new Refused("switch $switch has the positions " . implode(', ', $positions));
        }
    }
}
