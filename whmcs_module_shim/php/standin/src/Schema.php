<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/**
 * The tables a module may read, by the names WHMCS gives them.
 *
 * Table and column names come from the WHMCS developer docs (API field reference, module queue,
 * usage columns) and from open modules; tables named standin_* belong to the stand-in alone.
 * Column types: i integer, t text, d date, s date and time, m money (a decimal string).
 */
final class Schema
{
    private const TABLES = [
        'tblconfiguration' => 'setting:t value:t created_at:s updated_at:s',
        'tblclients' => 'uuid:t firstname:t lastname:t companyname:t email:t address1:t address2:t city:t state:t '
            . 'postcode:t country:t phonenumber:t tax_id:t currency:i credit:m language:t status:t groupid:i '
            . 'defaultgateway:t datecreated:d notes:t',
        'tblnotes' => 'userid:i adminid:i created:s modified:s note:t sticky:i',
        'tblcurrencies' => 'code:t prefix:t suffix:t format:i rate:m default:i',
        'tblproductgroups' => 'name:t slug:t hidden:i order:i',
        'tblproducts' => 'type:t gid:i name:t description:t hidden:i welcomeemail:i stockcontrol:i qty:i paytype:t '
            . 'allowqty:i autosetup:t servertype:t servergroup:i recurringcycles:i autoterminatedays:i '
            . 'configoptionsupgrade:i retired:i slug:t showdomainoptions:i proratabilling:i proratadate:i '
            . 'proratachargenextmonth:i {configoptions}',
        'tblproduct_upgrade_products' => 'product_id:i upgrade_product_id:i',
        'tblpricing' => 'type:t currency:i relid:i msetupfee:m qsetupfee:m ssetupfee:m asetupfee:m bsetupfee:m '
            . 'tsetupfee:m monthly:m quarterly:m semiannually:m annually:m biennially:m triennially:m',
        'tblservers' => 'name:t ipaddress:t assignedips:t hostname:t nameserver1:t nameserver1ip:t nameserver2:t '
            . 'nameserver2ip:t maxaccounts:i type:t username:t password:t accesshash:t secure:t port:i '
            . 'active:i disabled:i',
        'tblservergroups' => 'name:t filltype:i',
        'tblservergroupsrel' => 'groupid:i serverid:i',
        'tblorders' => 'ordernum:t userid:i contactid:i requestor_id:i date:s amount:m invoiceid:i status:t '
            . 'paymentmethod:t ipaddress:t notes:t',
        'tblhosting' => 'userid:i orderid:i packageid:i server:i regdate:d domain:t paymentmethod:t qty:i '
            . 'firstpaymentamount:m amount:m billingcycle:t nextduedate:d nextinvoicedate:d termination_date:d '
            . 'domainstatus:t username:t password:t notes:t subscriptionid:t promoid:i suspendreason:t '
            . 'overideautosuspend:i overidesuspenduntil:d dedicatedip:t assignedips:t ns1:t ns2:t diskusage:i '
            . 'disklimit:i bwusage:i bwlimit:i lastupdate:s created_at:s updated_at:s',
        'tblhostingaddons' => 'orderid:i hostingid:i addonid:i userid:i server:i name:t recurring:m billingcycle:t '
            . 'status:t regdate:d nextduedate:d',
        'tblproductconfiggroups' => 'name:t description:t',
        'tblproductconfiglinks' => 'gid:i pid:i',
        'tblproductconfigoptions' => 'gid:i optionname:t optiontype:i qtyminimum:i qtymaximum:i order:i hidden:i',
        'tblproductconfigoptionssub' => 'configid:i optionname:t sortorder:i hidden:i',
        'tblhostingconfigoptions' => 'relid:i configid:i optionid:i qty:i',
        'tblcustomfields' => 'type:t relid:i fieldname:t fieldtype:t description:t fieldoptions:t regexpr:t '
            . 'adminonly:t required:t showorder:t showinvoice:t sortorder:i created_at:s updated_at:s',
        'tblcustomfieldsvalues' => 'fieldid:i relid:i value:t created_at:s updated_at:s',
        'tblinvoices' => 'userid:i invoicenum:t date:d duedate:d datepaid:s date_refunded:s date_cancelled:s '
            . 'subtotal:m credit:m tax:m tax2:m total:m taxrate:m taxrate2:m status:t paymentmethod:t notes:t '
            . 'created_at:s updated_at:s',
        'tblinvoiceitems' => 'invoiceid:i userid:i type:t relid:i description:t amount:m taxed:i duedate:d '
            . 'paymentmethod:t notes:t',
        'tblaccounts' => 'userid:i currency:i gateway:t date:s description:t amountin:m fees:m amountout:m rate:m '
            . 'transid:t invoiceid:i refundid:i',
        'tblcredit' => 'clientid:i date:d description:t amount:m relid:i',
        'tblupgrades' => 'userid:i orderid:i type:t date:d relid:i originalvalue:t newvalue:t new_recurring_amount:m '
            . 'amount:m credit_amount:m days_remaining:i total_days_in_cycle:i recurringchange:m status:t paid:t',
        'tblcancelrequests' => 'date:s relid:i reason:t type:t created_at:s updated_at:s',
        'tblmodulequeue' => 'service_type:t service_id:i module_name:t module_action:t last_attempt:s '
            . 'last_attempt_error:t num_retries:i completed:i created_at:s updated_at:s',
        'tblactivitylog' => 'date:s description:t user:t userid:i user_id:i admin_id:i ipaddr:t',
        'tblmodulelog' => 'date:s module:t action:t request:t response:t arrdata:t',
        'tblemailtemplates' => 'type:t name:t subject:t message:t custom:i disabled:i language:t',
        'tblemails' => 'userid:i subject:t message:t date:s to:t cc:t bcc:t',
        'tblnotifications_sent' => 'identifier:t title:t message:t url:t status:t date:s',
        'standin_settings' => 'name:t value:t',
        'standin_credit_notes' => 'invoiceid:i itemid:i amount:m reason:t date:s',
        'standin_outbox' => 'audience:t messagename:t relid:i recipient:t subject:t message:t aborted:i '
            . 'aborted_by:t date:s',
    ];

    private const KINDS = [
        'i' => 'INTEGER NOT NULL DEFAULT 0',
        't' => "TEXT NOT NULL DEFAULT ''",
        // WHMCS keeps MySQL zero dates where no date is known (WHMCS developer docs, API reference).
        'd' => "TEXT NOT NULL DEFAULT '0000-00-00'",
        's' => "TEXT NOT NULL DEFAULT '0000-00-00 00:00:00'",
        'm' => "TEXT NOT NULL DEFAULT '0.00'",
    ];

    public static function create(): void
    {
        $pdo = Capsule::connection()->getPdo();
        $pdo->exec('PRAGMA journal_mode = WAL');
        $pdo->exec('BEGIN');
        foreach (self::TABLES as $table => $columns) {
            $pdo->exec(self::statement($table, $columns));
        }
        $pdo->exec('CREATE UNIQUE INDEX standin_settings_name ON standin_settings (name)');
        $pdo->exec('CREATE UNIQUE INDEX tblconfiguration_setting ON tblconfiguration (setting)');
        $pdo->exec('COMMIT');
    }

    public static function exists(): bool
    {
        return Capsule::schema()->hasTable('standin_settings');
    }

    private static function statement(string $table, string $columns): string
    {
        $options = implode(' ', array_map(static fn (int $n): string => "configoption$n:t", range(1, 24)));
        $parts = ['id INTEGER PRIMARY KEY AUTOINCREMENT'];
        foreach (explode(' ', str_replace('{configoptions}', $options, $columns)) as $column) {
            [$name, $kind] = explode(':', $column);
            $parts[] = sprintf('"%s" %s', $name, self::KINDS[$kind]);
        }
        return sprintf('CREATE TABLE "%s" (%s)', $table, implode(', ', $parts));
    }
}
